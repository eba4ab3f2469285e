//! `docs/kql/functions.md`.

use std::fmt::Write;

use query::kql::functions::{
    AGGREGATES, EXAMPLE_ROWS, FAMILIES, FORMS, Function, OPERATORS, Parameter, Presence, Returns, SEVERAL,
};
use query::kql::reference::MISSING;
use query::kql::types::Types;

use super::{NOTICE, cell, code};

const HEADER: &str = "\n| | what it does | example | gives |\n|---|---|---|---|\n";

pub fn page() -> String {
    let mut page = format!("{NOTICE}# Functions\n\n");
    page.push_str(
        "`name: type` is a parameter, `[…]` may be left out, `…` may be repeated, *constant* must not depend on a row. \
         Numbers are widened and dynamic values converted without being asked. What cannot be worked out is null.\n\n",
    );
    contents(&mut page);
    page.push_str("\n## Operators between values\n");
    page.push_str(HEADER);
    for function in OPERATORS.iter().flat_map(|operators| operators.iter()) {
        row(&mut page, &code(function.name), function.prose, function.example, function.example_result);
    }
    for form in FORMS {
        row(&mut page, &code(form.syntax), form.prose, form.example, form.example_result);
    }
    for (family, functions) in FAMILIES {
        write!(page, "\n## {family}\n{HEADER}").expect("text");
        for function in *functions {
            let prose = format!("{}{}", function.prose, notes(function));
            row(&mut page, &signature(function), &prose, function.example, function.example_result);
        }
    }
    write!(page, "\n## Aggregates\n\nOf `summarize`, `make-series` and `top-nested`. The examples are over `{EXAMPLE_ROWS}`.\n{HEADER}")
        .expect("text");
    for aggregate in AGGREGATES {
        let call = code(&format!("{}({})", aggregate.name, parameters(aggregate.parameters)));
        let prose = format!("{}{}", aggregate.prose, also(aggregate.aliases));
        row(&mut page, &call, &prose, aggregate.example, aggregate.example_result);
    }
    several(&mut page);
    missing(&mut page);
    page
}

fn contents(page: &mut String) {
    page.push_str("| | |\n|---|---|\n");
    for (family, functions) in FAMILIES {
        let names: Vec<String> = functions.iter().map(|function| format!("`{}`", function.name)).collect();
        writeln!(page, "| {family} | {} |", names.join(" ")).expect("text");
    }
    let names: Vec<String> = AGGREGATES.iter().map(|aggregate| format!("`{}`", aggregate.name)).collect();
    writeln!(page, "| Aggregates | {} |", names.join(" ")).expect("text");
}

fn row(page: &mut String, name: &str, prose: &str, example: &str, result: &str) {
    writeln!(page, "| {name} | {} | {} | {} |", cell(prose), code(example), code(result)).expect("text");
}

fn signature(function: &Function) -> String {
    let returns = match function.returns {
        Returns::Type(ty) => format!(": {ty}"),
        Returns::Argument(_) | Returns::From(_) => String::new(),
    };
    code(&format!("{}({}){returns}", function.name, parameters(function.parameters)))
}

fn parameters(parameters: &[Parameter]) -> String {
    let shown = parameters.iter().map(|parameter| {
        let types = match parameter.types {
            Types::ANY => String::new(),
            types => format!(": {types}"),
        };
        let name = parameter.name;
        match parameter.presence {
            Presence::Required => format!("{name}{types}"),
            Presence::Optional => format!("[{name}{types}]"),
            Presence::Repeated => format!("{name}{types} …"),
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn also(aliases: &[&str]) -> String {
    if aliases.is_empty() {
        return String::new();
    }
    let names: Vec<String> = aliases.iter().map(|alias| format!("`{alias}`")).collect();
    format!(" Also {}.", names.join(", "))
}

fn notes(function: &Function) -> String {
    let constants = function.parameters.iter().filter(|parameter| parameter.constant);
    let constants: Vec<String> = constants.map(|parameter| format!("`{}`", parameter.name)).collect();
    let mut notes = also(function.aliases);
    if !constants.is_empty() {
        write!(notes, " *Constant:* {}.", constants.join(", ")).expect("text");
    }
    if !function.warning.is_empty() {
        notes.push_str(" *The answer has a warning.*");
    }
    notes
}

fn several(page: &mut String) {
    page.push_str("\n## Functions that fill several columns\n\n");
    page.push_str(
        "In `extend`, `project` and the like. `(a, b) = f(x)` names the first ones; the others are called `f_x_` and the \
         name here.\n\n| function | columns |\n|---|---|\n",
    );
    for several in SEVERAL {
        let columns: Vec<String> = several.columns.iter().map(|(name, ty)| format!("`{name}`: {ty}")).collect();
        writeln!(page, "| `{}` | {} |", several.function, columns.join(", ")).expect("text");
    }
}

fn missing(page: &mut String) {
    page.push_str("\n## What Kusto has and we have not\n\n| | names | instead |\n|---|---|---|\n");
    for missing in MISSING {
        let names: Vec<String> = missing.names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(page, "| {} | {} | {} |", missing.family, names.join(" "), cell(missing.why)).expect("text");
    }
}
