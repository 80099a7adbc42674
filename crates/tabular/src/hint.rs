//! Words for people: numbers with thousands marks, and headers that sound like sensitive data.

/// Words in a header that suggest a sensitive field, one or several words each, as `key_from_label` would write them.
const SENSITIVE_WORDS: [&str; 36] = [
    "iban",
    "bic",
    "bank_account",
    "account_number",
    "sort_code",
    "routing_number",
    "card_number",
    "credit_card",
    "cvv",
    "ssn",
    "social_security",
    "national_id",
    "national_insurance",
    "nino",
    "tax_id",
    "tax_number",
    "tax",
    "tin",
    "passport",
    "driving_licence",
    "driver_license",
    "identity_card",
    "salary",
    "wage",
    "wages",
    "date_of_birth",
    "birth_date",
    "birthdate",
    "dob",
    "password",
    "secret",
    "pin",
    "diagnosis",
    "medical",
    "religion",
    "ethnicity",
];

/// Why a column of that header might deserve to be a sensitive field.
#[must_use]
pub fn sensitive_hint(header: &str) -> Option<String> {
    let key = format!("_{}_", types::name::key_from_label(header, &|_| false));
    let word = SENSITIVE_WORDS
        .iter()
        .find(|word| key.contains(&format!("_{word}_")))?;
    Some(format!(
        "the header mentions \"{}\": consider a sensitive field, which is encrypted and shown only to those who may reveal it",
        word.replace('_', " ")
    ))
}

/// A number with commas between its thousands: `9,999`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_sensitive_data_are_noticed_and_taxis_are_not() {
        for header in [
            "IBAN",
            "customerSSN",
            "Tax ID",
            "annual salary",
            "Passport No.",
            "Date of birth",
        ] {
            assert!(sensitive_hint(header).is_some(), "{header}");
        }
        for header in ["Taxi", "name", "spinning", "libanon", ""] {
            assert!(sensitive_hint(header).is_none(), "{header}");
        }
    }

    #[test]
    fn thousands_are_marked() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
