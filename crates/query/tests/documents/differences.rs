//! `docs/kql/differences.md`.

use std::fmt::Write;

use query::kql::reference::DIFFERENCES;

use super::NOTICE;

pub fn page() -> String {
    let mut page = format!("{NOTICE}# What is not as in Kusto\n\n");
    page.push_str(
        "Everything else follows Microsoft's reference; where the reference is silent, what its own binder says.\n",
    );
    for difference in DIFFERENCES {
        let (subject, kusto, here, why) = (difference.subject, difference.kusto, difference.here, difference.why);
        write!(page, "\n## {subject}\n\n**Kusto:** {kusto}\n\n**Here:** {here}\n\n**Why:** {why}\n").expect("text");
        if !difference.example.is_empty() {
            let (example, result) = (difference.example, difference.result);
            write!(page, "\n```kql\n{example}\n```\n```text\n{result}\n```\n").expect("text");
        }
    }
    page
}
