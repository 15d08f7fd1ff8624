//! .config look-ups.

use std::sync::Arc;

/// A kernel configuration. It is searched, not parsed: a script asks for few of its ten thousand lines.
#[derive(Clone, Debug, Default)]
pub struct Config {
    text: Arc<str>,
}

impl Config {
    /// A configuration from the text of a .config file.
    pub fn new(text: &str) -> Self {
        Config { text: text.into() }
    }

    /// Whether there is no configuration at all.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The value of an option (`CONFIG_SMP`) without quotes; `None` when it is not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        if !name.starts_with("CONFIG_") {
            return None;
        }
        let mut from = 0;
        while let Some(found) = self.text[from..].find(name) {
            let start = from + found;
            let end = start + name.len();
            let line_start = start == 0 || self.text.as_bytes()[start - 1] == b'\n';
            if line_start && self.text[end..].starts_with('=') {
                let value = self.text[end + 1..].lines().next().unwrap_or_default();
                return Some(unquote(value.trim_end()));
            }
            from = end;
        }
        None
    }

    /// Whether an option is `y`.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name) == Some("y")
    }

    /// All options that are set, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let set = self.text.lines().filter(|line| line.starts_with("CONFIG_"));
        set.filter_map(|line| line.split_once('=')).map(|(name, value)| (name, unquote(value.trim_end())))
    }
}

fn unquote(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# CONFIG_X is not set\nCONFIG_SMP=y\nCONFIG_EXT4_FS=m\nCONFIG_HZ_250=y\nCONFIG_HZ=250\n\
                        CONFIG_NAME=\"a b\"\n# CONFIG_SMPX=y\nCONFIG_CALL_DEPTH=\"CONFIG_DEPTH=3\"\n";

    #[test]
    fn values() {
        let config = Config::new(TEXT);
        assert!(config.is_set("CONFIG_SMP") && !config.is_set("CONFIG_EXT4_FS"));
        assert_eq!(config.get("CONFIG_EXT4_FS"), Some("m"));
        assert_eq!(config.get("CONFIG_HZ"), Some("250"));
        assert_eq!(config.get("CONFIG_NAME"), Some("a b"));
        for unset in ["CONFIG_X", "CONFIG_SMPX", "SMP", "CONFIG_DEPTH", ""] {
            assert_eq!(config.get(unset), None, "{unset}");
        }
        assert_eq!(config.iter().count(), 6);
    }
}
