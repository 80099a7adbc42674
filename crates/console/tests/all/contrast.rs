//! WCAG 2.2 AA contrast of the colour tokens, in both themes.

use std::collections::HashMap;

/// Text on background: at least 4.5 to 1.
const TEXT: [(&str, &str); 29] = [
    ("text", "accent-soft"),
    ("text", "warn-soft"),
    ("text", "ground"),
    ("text", "surface"),
    ("text", "hover"),
    ("text-soft", "ground"),
    ("text-soft", "surface"),
    ("text-soft", "tint"),
    ("text-soft", "neutral-soft"),
    ("text-faint", "ground"),
    ("text-faint", "surface"),
    ("text-faint", "tint"),
    ("text-faint", "hover"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "hover"),
    ("accent", "accent-soft"),
    ("text-faint", "accent-soft"),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
    ("brass", "surface"),
    ("brass", "brass-soft"),
    ("brass", "hover"),
    ("good", "good-soft"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
    ("bad", "surface"),
    ("text-faint", "raised"),
    ("text", "brass-soft"),
];

/// Borders of controls and icons on their background: at least 3 to 1.
const PARTS: [(&str, &str); 4] = [
    ("line-input", "surface"),
    ("line-input", "ground"),
    ("accent-fill", "neutral-soft"),
    ("accent", "tint"),
];

/// Pairs of the rail, the same in both themes: text at least 4.5 to 1.
const RAIL: [(&str, &str); 5] = [
    ("rail-text", "rail"),
    ("rail-strong", "rail-current"),
    ("rail-faint", "rail"),
    ("rail-text", "rail-hover"),
    ("rail-brass", "rail-current"),
];

/// Every colour token: name, light, dark.
fn tokens() -> HashMap<&'static str, [[f64; 3]; 2]> {
    let css = include_str!("../../assets/console.css");
    let colour = |text: &str| {
        let hex = text.trim().strip_prefix('#').filter(|hex| hex.len() == 6)?;
        let part = |from| u8::from_str_radix(&hex[from..from + 2], 16).ok().map(f64::from);
        Some([part(0)?, part(2)?, part(4)?])
    };
    let token = |line: &'static str| {
        let (name, value) = line
            .trim()
            .strip_prefix("--")?
            .strip_suffix(';')?
            .split_once(": ")?;
        let pair = value
            .strip_prefix("light-dark(")
            .and_then(|rest| rest.strip_suffix(')'));
        let (light, dark) = pair.map_or(Some((value, value)), |pair| pair.split_once(','))?;
        Some((name, [colour(light)?, colour(dark)?]))
    };
    css.lines().filter_map(token).collect()
}

/// Relative luminance, WCAG 2.2.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |part: f64| {
        let part = part / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn too_faint(pairs: &[(&str, &str)], bound: f64) -> Vec<String> {
    let tokens = tokens();
    let mut found = Vec::new();
    for (front, back) in pairs {
        for (theme, name) in ["light", "dark"].iter().enumerate() {
            let ratio = contrast(tokens[front][theme], tokens[back][theme]);
            if ratio < bound {
                found.push(format!("{front} on {back} in {name}: {ratio:.2}"));
            }
        }
    }
    found
}

#[test]
fn text_has_a_contrast_of_at_least_four_and_a_half() {
    assert_eq!(too_faint(&TEXT, 4.5), Vec::<String>::new());
    assert_eq!(too_faint(&RAIL, 4.5), Vec::<String>::new());
}

#[test]
fn borders_of_controls_have_a_contrast_of_at_least_three() {
    assert_eq!(too_faint(&PARTS, 3.0), Vec::<String>::new());
}

#[test]
fn black_on_white_has_a_contrast_of_twenty_one() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
}
