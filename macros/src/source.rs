//! Source text of what the user wrote, for names, messages and the registry.

use quote::ToTokens;

/// The tokens without the spaces that they are printed with.
pub(crate) fn text(tokens: impl ToTokens) -> String {
    const SPACED: [(&str, &str); 9] = [
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (" :: ", "::"),
        (":: ", "::"),
        ("& ", "&"),
        (" !(", "!("),
    ];
    let printed = tokens.into_token_stream().to_string();
    SPACED.iter().fold(printed, |text, (spaced, tidy)| text.replace(spaced, tidy))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn reads_as_it_was_written() {
        for source in ["request.order", "::facade::steadfast", "self.gateway.breaker()", "amount as u64", "key(&a, b)"]
        {
            let tokens: proc_macro2::TokenStream = source.parse().unwrap();
            assert_eq!(text(tokens), source);
        }
    }
}
