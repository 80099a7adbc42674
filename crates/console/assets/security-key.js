// The only script that a page needs: it asks the browser for a passkey or security key and sends the answer with the form.
// Without scripts the page says so, and the other second factors work as ever.
"use strict";

(() => {
  const form = document.querySelector("form[data-key-ceremony]");
  if (!form) return;
  const button = form.querySelector("button[data-key-button]");
  const trouble = document.querySelector("[data-key-trouble]");
  const tell = (text) => {
    trouble.textContent = text;
    trouble.hidden = text === "";
  };
  button.hidden = false;
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    tell("This browser knows no passkeys and security keys. Use another browser, or another second factor.");
    return;
  }

  const decoded = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const encoded = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const named = (list) => (list ?? []).map((known) => ({ ...known, id: decoded(known.id) }));

  const make = async (options) => {
    const publicKey = {
      ...options,
      challenge: decoded(options.challenge),
      user: { ...options.user, id: decoded(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    return {
      id: made.id,
      rawId: encoded(made.rawId),
      type: made.type,
      response: {
        attestationObject: encoded(made.response.attestationObject),
        clientDataJSON: encoded(made.response.clientDataJSON),
        transports: made.response.getTransports?.() ?? [],
      },
    };
  };
  const show = async (options) => {
    const publicKey = {
      ...options,
      challenge: decoded(options.challenge),
      allowCredentials: named(options.allowCredentials),
    };
    const shown = await navigator.credentials.get({ publicKey });
    const handle = shown.response.userHandle;
    return {
      id: shown.id,
      rawId: encoded(shown.rawId),
      type: shown.type,
      response: {
        authenticatorData: encoded(shown.response.authenticatorData),
        clientDataJSON: encoded(shown.response.clientDataJSON),
        signature: encoded(shown.response.signature),
        userHandle: handle && handle.byteLength > 0 ? encoded(handle) : null,
      },
    };
  };

  const words = {
    InvalidStateError: "This key is set up here already.",
    NotAllowedError: "The key did not answer: it was not touched in time, or the question was closed. Try again.",
    SecurityError: "The browser says that this page may not use keys: its address is not the appliance's own.",
  };
  const ask = async () => {
    button.disabled = true;
    tell("");
    try {
      const options = JSON.parse(form.dataset.keyOptions);
      const answer = await (form.dataset.keyCeremony === "make" ? make(options) : show(options));
      form.elements.credential.value = JSON.stringify(answer);
      form.requestSubmit();
    } catch (error) {
      tell(words[error.name] ?? "The browser could not ask the key. Try again, or use another second factor.");
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => { if (form.reportValidity()) ask(); });
  // A name is typed first where there is one; else the key is asked at once.
  if (form.dataset.keyCeremony === "show") ask();
})();
