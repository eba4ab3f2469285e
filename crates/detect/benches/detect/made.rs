//! Seeded rules in the shapes that public rules have: lists of contains, startswith and endswith, `all`, `1 of`, regular
//! expressions, CIDR, windash, base64offset. Half of their programs are programs that the events have, so that the
//! rules are not all left out at a first look.

use std::fmt::Write;

use detect::Platform;
use schema::{Row, col};

/// xorshift64*; the same seed gives the same rules on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    fn word(&mut self) -> String {
        const SYLLABLES: &[&str] = &[
            "ka", "to", "mi", "ra", "ser", "vi", "ce", "dump", "net", "cor", "exp", "lo", "reg", "ex", "in", "ject",
            "pay",
        ];
        let n_parts = 2 + self.below(3);
        (0..n_parts).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }
}

/// `n` rules, four fifths of them for Windows, as in the public collection.
pub fn rules(n: usize, events: &[(Row, Platform)]) -> Vec<String> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let names = |wanted: Platform| {
        let mut names: Vec<String> = events
            .iter()
            .filter(|(_, platform)| *platform == wanted)
            .filter_map(|(row, _)| row.text(&col::FILE_NAME).map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let programs = [names(Platform::Windows), names(Platform::Linux)];
    let mut rules: Vec<String> = (0..n).map(|idx| rule(idx, &mut random, &programs)).collect();
    // Without rules that match, equal numbers of matches would say nothing.
    for (idx, rule) in rules.iter_mut().enumerate().filter(|(idx, _)| idx % MATCHING == 0) {
        *rule = matching(idx, &events[random.below(events.len())]);
    }
    rules
}

/// One rule of so many is about an event that there is.
const MATCHING: usize = 50;

fn matching(idx: usize, (row, platform): &(Row, Platform)) -> String {
    let line = row.text(&col::PROCESS_COMMAND_LINE).unwrap_or_default();
    let part: String = line.chars().take(12).collect::<String>().replace('\'', "''");
    let name = row.text(&col::FILE_NAME).unwrap_or_default();
    format!(
        "title: rule {idx}\nid: {idx}\nlevel: low\nlogsource: {{product: {}, category: process_creation}}\ndetection:\n  selection:\n    Image|endswith: '{name}'\n    CommandLine|startswith: '{part}'\n    CommandLine|contains: '{}'\n  condition: selection\n",
        platform.product(),
        line.chars().skip(12).take(8).collect::<String>().replace('\'', "''").replace('*', "\\*").replace('?', "\\?")
    )
}

fn rule(idx: usize, random: &mut Random, programs: &[Vec<String>; 2]) -> String {
    let linux = random.below(5) == 0;
    let separator = if linux { "/" } else { "\\" };
    let known = &programs[usize::from(linux)];
    let program = |random: &mut Random| {
        let made = format!("{}{}", random.word(), if linux { "" } else { ".exe" });
        let name =
            if random.below(2) == 0 && !known.is_empty() { known[random.below(known.len())].clone() } else { made };
        format!("{separator}{name}")
    };
    let mut detection = String::new();
    let mut condition = "selection".to_owned();
    detection.push_str("  selection:\n");
    list(&mut detection, "    Image|endswith", 1 + random.below(4), || program(random));
    match idx % 10 {
        0..=2 => {
            list(&mut detection, "    CommandLine|contains", 2 + random.below(12), || format!(" {}", random.word()))
        }
        3 => list(&mut detection, "    CommandLine|contains|all", 2 + random.below(3), || random.word()),
        4 => {
            list(&mut detection, "    CommandLine|contains|windash", 1 + random.below(4), || {
                format!(" -{}", random.word())
            });
        }
        5 => {
            let _ =
                writeln!(detection, "    CommandLine|re: '{}\\s+[a-z0-9]{{4,}}\\.{}'", random.word(), random.word());
        }
        6 => {
            let _ = writeln!(detection, "    CommandLine|base64offset|contains: {}", random.word());
        }
        7 => {
            detection.push_str("  selection_line:\n");
            list(&mut detection, "    CommandLine|startswith", 1 + random.below(3), || random.word());
            detection.push_str("  selection_hash:\n");
            list(&mut detection, "    Hashes|contains", 1 + random.below(8), || {
                format!("SHA1={:016x}", random.below(usize::MAX))
            });
            condition = "1 of selection_*".to_owned();
        }
        8 => {
            detection.push_str("  filter_main:\n");
            list(&mut detection, "    ParentImage|endswith", 1 + random.below(4), || program(random));
            detection.push_str("  filter_optional:\n    CommandLine: null\n");
            let _ = writeln!(detection, "  more:\n    CommandLine|contains: ' {}'", random.word());
            condition = "selection and more and not 1 of filter_*".to_owned();
        }
        _ => {
            detection.push_str("  parent:\n");
            list(&mut detection, "    ParentImage|endswith", 1 + random.below(4), || program(random));
            let _ = writeln!(detection, "  address:\n    CommandLine|cidr: 10.{}.0.0/16", random.below(256));
            let _ = writeln!(detection, "  name:\n    CommandLine|contains: {}", random.word());
            condition = "selection and parent and (address or name)".to_owned();
        }
    }
    let product = if linux { "linux" } else { "windows" };
    format!(
        "title: rule {idx}\nid: {idx}\nlevel: medium\nlogsource: {{product: {product}, category: process_creation}}\ndetection:\n{detection}  condition: {condition}\n"
    )
}

fn list(detection: &mut String, field: &str, n: usize, mut value: impl FnMut() -> String) {
    let _ = writeln!(detection, "{field}:");
    for _ in 0..n {
        let _ = writeln!(detection, "      - '{}'", value());
    }
}
