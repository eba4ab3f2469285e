//! What a script's text tells: the hosts and files that it names, whether it only starts another script, and whether
//! it could. Texts are hostile: each question has a safe side, and the text is read as it stands, never run.

/// The text without its comments, in lower case: what it may name as a destination.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote: Option<char> = None;
    let mut previous = '\n';
    while let Some(ch) = rest.chars().next() {
        let comment = quote.is_none()
            && (rest.starts_with("<#") || (ch == '#' && (previous.is_whitespace() || "(){};|,".contains(previous))));
        if comment {
            let (end, kept) =
                if ch == '<' { (rest.find("#>").map(|end| end + 2), "") } else { (rest.find('\n'), "\n") };
            rest = end.map_or("", |end| &rest[end..]);
            rest = rest.strip_prefix(kept).unwrap_or(rest);
            plain.push('\n');
            previous = '\n';
            continue;
        }
        match quote {
            Some(open) if open == ch => quote = None,
            // A backtick quotes the next character, outside single quotes.
            Some('\'') => {}
            Some(_) | None if ch == '`' => {
                rest = &rest[1..];
                let Some(next) = rest.chars().next() else { break };
                rest = &rest[next.len_utf8()..];
                plain.extend(next.to_lowercase());
                previous = next;
                continue;
            }
            None if ch == '"' || ch == '\'' => quote = Some(ch),
            Some(_) | None => {}
        }
        plain.extend(ch.to_lowercase());
        previous = ch;
        rest = &rest[ch.len_utf8()..];
    }
    plain
}

/// Whether the (lower-case) text names exactly this host, address, file or path: not as part of a longer one.
pub fn names(text: &str, name: &str) -> bool {
    if name.len() < 4 {
        return false;
    }
    text.match_indices(name).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + found.len()..].chars();
        let (next, next_but_one) = (after.next(), after.next());
        let inside = |ch: char| ch.is_alphanumeric() || ch == '-' || ch == '_';
        let longer = before.is_some_and(|ch| inside(ch) || ch == '.')
            || next.is_some_and(inside)
            || (next == Some('.') && next_but_one.is_some_and(inside));
        !longer
    })
}

/// The script that the text starts and nothing else: what a host writes for F5 or `-File`, and a user at the prompt.
pub fn started_script(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(['\n', '\r']) {
        return None;
    }
    let text = text.strip_prefix("& ").or_else(|| text.strip_prefix(". ")).unwrap_or(text).trim_start();
    let (path, arguments) = match text.chars().next()? {
        quote @ ('"' | '\'') => text[1..].split_once(quote)?,
        _ => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    };
    let own_code = |ch: char| ";|&{}()$`<>\n\r#@%".contains(ch);
    let is_script = path.get(path.len().checked_sub(4)?..)?.eq_ignore_ascii_case(".ps1");
    (is_script && !path.contains(own_code) && !arguments.contains(own_code)).then(|| path.to_owned())
}

/// Text that PowerShell's own hosts run between the user's commands.
pub fn is_of_engine(text: &str) -> bool {
    // Whole texts: a script may begin like one of them.
    const TEXTS: [&str; 6] = [
        "prompt",
        "$global:?",
        "{ Set-StrictMode -Version 1; $_.PSMessageDetails }",
        "{ Set-StrictMode -Version 1; $_.ErrorCategory_Message }",
        "{ Set-StrictMode -Version 1; $_.OriginInfo }",
        "{ Set-StrictMode -Version 1; $this.Exception.InnerException.PSMessageDetails }",
    ];
    TEXTS.contains(&text.trim())
}

/// Names of the functions that the text defines, in lower case.
pub fn functions(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let mut words = text.split(|ch: char| ch.is_whitespace() || "(){};".contains(ch)).filter(|word| !word.is_empty());
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "function" | "filter" | "workflow" | "configuration")
            && let Some(name) = words.next()
        {
            // `global:Name`
            found.push(name.rsplit(':').next().unwrap_or(name).to_owned());
        }
    }
    found
}

/// Whether the text holds anything by which it could run code that it doesn't spell out: the safe answer is yes.
pub fn is_dynamic(text: &str) -> bool {
    const MEANS: [&str; 22] = [
        "&",
        ".ps1",
        "iex",
        "icm",
        "invoke-expression",
        "invoke-command",
        "invokecommand",
        "invokescript",
        ".invoke(",
        "scriptblock",
        "powershell",
        "runspace",
        "import-module",
        "ipmo",
        "using module",
        "register-",
        ".add_",
        "set-psbreakpoint",
        "set-alias",
        "new-alias",
        "foreach-object -membername",
        "start-threadjob",
    ];
    let text = text.to_lowercase();
    MEANS.iter().any(|means| text.contains(means)) || has_dot_source(&text) || has_backtick_in_word(&text)
}

/// A dot that is a command of its own: `. $file`, `."x"`, `.(…)`.
fn has_dot_source(text: &str) -> bool {
    let mut previous = '\n';
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        let starts = previous.is_whitespace() || "(){};|=,".contains(previous);
        let names = chars.peek().is_some_and(|next| next.is_whitespace() || "\"'$({".contains(*next));
        if ch == '.' && starts && names {
            return true;
        }
        previous = ch;
    }
    false
}

/// `` i`ex `` is `iex`; `` `$ `` only keeps a dollar sign.
fn has_backtick_in_word(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair[0] == b'`' && pair[1].is_ascii_alphanumeric())
}

/// Code that comes with the system or as a module: what it does, it does for the script that called it.
pub fn is_library(path: &str) -> bool {
    const BELOW: [&str; 4] = [
        "\\windowspowershell\\v1.0\\",
        "\\windowspowershell\\modules\\",
        "\\powershell\\modules\\",
        "\\powershell\\7\\modules\\",
    ];
    let path = path.to_lowercase();
    // A profile stands beside the modules, but nobody calls it: it is a script.
    !path.ends_with("profile.ps1")
        && ([".psm1", ".psd1", ".ps1xml", ".cdxml"].iter().any(|ending| path.ends_with(ending))
            || BELOW.iter().any(|place| path.contains(place)))
}

/// The last part of a path, in lower case and without `.ps1`.
pub fn stem(path: &str) -> String {
    let name = path.rsplit(['\\', '/']).next().unwrap_or(path).to_lowercase();
    name.strip_suffix(".ps1").map_or(name.clone(), str::to_owned)
}

/// Command line of a console that runs one script or text and ends; with the script, if it is a file.
pub fn single_run(command_line: &str) -> Option<Option<String>> {
    let words = words(command_line);
    let is = |word: &str, option: &str, least: usize| {
        let word = word.strip_prefix(['-', '/']).unwrap_or_default().to_lowercase();
        word.len() >= least && option.starts_with(&word)
    };
    if words.iter().any(|word| is(word, "noexit", 3)) {
        return None;
    }
    for (idx, word) in words.iter().enumerate().skip(1) {
        if is(word, "file", 1) {
            return words.get(idx + 1).map(|path| Some(path.clone()));
        }
        if is(word, "encodedcommand", 1) || is(word, "command", 1) {
            return Some(None);
        }
    }
    None
}

/// Words of a Windows command line, without their quotes.
fn words(command_line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for ch in command_line.chars() {
        match ch {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ch if ch.is_whitespace() && !quoted => words.extend(word.take()),
            ch => word.get_or_insert_default().push(ch),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_name_nothing() {
        let text =
            "<# login.windows.net #> $u = 'https://api.example.com/#x' # evil.example.net\n\"a # b.example.org\"";
        let plain = plain(text);
        assert!(!plain.contains("login.windows.net") && !plain.contains("evil.example.net"), "{plain}");
        assert!(plain.contains("api.example.com/#x") && plain.contains("b.example.org"), "{plain}");
        for hostile in ["<#", "#", "`", "\"`", "'", "é#é<#é", "<##>#\n#"] {
            super::plain(hostile);
        }
    }

    #[test]
    fn names_are_whole() {
        let text = "irm https://api.securitycenter.windows.com/api -OutFile c:\\temp\\out.csv; ping 10.0.0.12.";
        for (name, expect) in [
            ("api.securitycenter.windows.com", true),
            ("securitycenter.windows.com", false),
            ("api.securitycenter.windows.co", false),
            ("10.0.0.12", true),
            ("10.0.0.1", false),
            ("0.0.12", false),
            ("c:\\temp\\out.csv", true),
            ("out.csv", true),
            ("ut.csv", false),
            ("irm", false),
        ] {
            assert_eq!(names(text, name), expect, "{name}");
        }
        assert!(!names("login.windows.net.evil.example", "login.windows.net"));
    }

    #[test]
    fn a_text_that_only_starts_a_script_is_known() {
        for (text, expect) in [
            ("C:\\s\\a.ps1", Some("C:\\s\\a.ps1")),
            ("& 'C:\\my s\\a.ps1' -Days 1", Some("C:\\my s\\a.ps1")),
            (". \"C:\\a.PS1\"\r\n", Some("C:\\a.PS1")),
            (".\\a.ps1; irm evil", None),
            (".\\a.ps1\nirm evil", None),
            (".\\$x.ps1", None),
            (".\\a.ps1 (irm evil)", None),
            ("a", None),
            ("é", None),
            ("'", None),
            ("", None),
        ] {
            assert_eq!(started_script(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn whatever_could_run_other_code_is_dynamic() {
        for text in [
            "& $x",
            "iex $x",
            "i`ex $x",
            ". $f",
            "gci | % { . $_ }",
            "x; .(gci)",
            "Import-Module x",
            "[scriptblock]::Create($x)",
            "Register-ObjectEvent $t Elapsed -Action { }",
        ] {
            assert!(is_dynamic(text), "{text}");
        }
        let plain = "$t = Get-Content .\\token.txt\n$h = @{ Authorization = \"Bearer $t\" }\n\
                     Invoke-RestMethod -Uri https://api.example.com/a.b -Headers $h\n1..3 | % { $_.Name }";
        assert!(!is_dynamic(plain));
        assert_eq!(functions("function Get-A { }\nfilter global:B { $_ }"), ["get-a", "b"]);
    }

    #[test]
    fn libraries_and_command_lines() {
        assert!(is_library("C:\\Program Files\\WindowsPowerShell\\Modules\\Pester\\Pester.ps1"));
        assert!(is_library("C:\\x\\PSReadLine.psm1"));
        assert!(!is_library("C:\\Scripts\\Modules\\Get-Token.ps1"));
        for (line, expect) in [
            ("powershell.exe -NoProfile -File \"C:\\a b\\x.ps1\" 1", Some(Some("C:\\a b\\x.ps1".to_owned()))),
            ("powershell.exe -enc SQBFAFgA", Some(None)),
            ("powershell -c ls", Some(None)),
            ("powershell -NoExit -File x.ps1", None),
            ("powershell_ise.exe C:\\x.ps1", None),
            ("powershell.exe", None),
            ("", None),
        ] {
            assert_eq!(single_run(line), expect, "{line}");
        }
    }
}
