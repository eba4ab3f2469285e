//! Which columns there are: `where`, `extend`, `project` and its variants.

use std::collections::HashMap;

use ::kql::Span;
use ::kql::syntax::{Call, Expr as Tree, Name, NamePattern, NamedExpr, Reorder, ReorderOrder, Target};

use crate::kql::bind::{At, Bind, Binder, Bound, Env, Stop, filtering};
use crate::kql::frame::{Column, Frame, RowOrder};
use crate::kql::functions::{self, Naming, Several};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

impl<'t> Binder<'t> {
    pub(super) fn where_(&mut self, predicate: &'t Tree, mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let typed = self.condition(predicate, At::rows(env, &input))?;
        self.apply_windows(&mut input)?;
        input.filter(filtering(typed.expr))?;
        Ok(input)
    }

    pub(super) fn extend(&mut self, columns: &'t [NamedExpr], mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let mut made = Vec::new();
        for named in columns {
            let bound = self.named_columns(named, &input, env);
            match self.recover(bound)? {
                Some(columns) => made.extend(columns),
                // Later operators must not complain about a column that has an error here.
                None => input.is_open = true,
            }
        }
        self.apply_windows(&mut input)?;
        let mut taken: Vec<String> = input.columns.iter().map(|column| column.name.clone()).collect();
        taken.extend(made.iter().filter_map(|(name, _)| name.clone()));
        let mut expressions = Vec::new();
        let mut new_columns: Vec<Column> = Vec::new();
        for (name, bound) in made {
            let name = name.unwrap_or_else(|| free_name("Column", &mut taken));
            let (column, expr) = self.compute(name, &bound);
            expressions.push(expr);
            match new_columns.iter_mut().find(|other| other.name == column.name) {
                Some(other) => *other = column,
                None => new_columns.push(column),
            }
        }
        input.add(expressions)?;
        for column in new_columns {
            input.put(column);
        }
        input.table = None;
        self.check_width(&input, columns.first().map_or(Span::default(), |named| named.span))?;
        Ok(input)
    }

    pub(super) fn project(&mut self, columns: &'t [NamedExpr], mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let mut made: Vec<(Option<String>, Bound)> = Vec::new();
        let mut is_broken = false;
        for named in columns {
            if matches!(named.expr, Tree::Star { .. }) && named.target.is_none() {
                made.extend(input.shown().map(|column| (Some(column.name.clone()), column.bound())));
                continue;
            }
            let bound = self.named_columns(named, &input, env);
            match self.recover(bound)? {
                Some(columns) => made.extend(columns),
                None => is_broken = true,
            }
        }
        if is_broken {
            return Err(Stop::Reported);
        }
        self.apply_windows(&mut input)?;
        let mut taken: Vec<String> = made.iter().filter_map(|(name, _)| name.clone()).collect();
        let mut expressions = Vec::new();
        let mut result: Vec<Column> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (name, bound) in made {
            let name = name.unwrap_or_else(|| free_name("Column", &mut taken));
            let count = seen.entry(name.clone()).or_insert(0);
            *count += 1;
            let name = if *count > 1 { free_suffix(&name, &mut taken) } else { name };
            let (column, expr) = self.compute(name, &bound);
            expressions.push(expr);
            result.push(column);
        }
        let order = input.order;
        let is_open = input.is_open && result.is_empty();
        expressions.extend(input.group_columns());
        let plan = crate::kql::frame::project(input.plan, expressions)?;
        Ok(Frame { order, is_open, group: input.group, ..Frame::new(plan, result) })
    }

    /// The columns that `name = expr`, `(a, b) = expr` or `expr` make; `None` for a name that is still to be found.
    pub(crate) fn named_columns(
        &mut self,
        named: &'t NamedExpr,
        input: &Frame,
        env: &Env<'t>,
    ) -> Bind<Vec<(Option<String>, Bound)>> {
        let at = At::rows(env, input);
        if let Tree::Call(call) = &named.expr
            && env.get(&call.name.text).is_none()
            && let Some(several) = functions::SEVERAL.iter().find(|several| several.function == call.name.text)
        {
            return self.several_columns(several, call, named, at);
        }
        match &named.target {
            Some(Target::Tuple(names)) => {
                let value = self.typed(&named.expr, at)?;
                if value.ty != KqlType::Dynamic {
                    return self.refuse(
                        "KQL123",
                        named.span,
                        "Only an array fills several columns.",
                        "Name one column.",
                    );
                }
                let mut columns = Vec::with_capacity(names.len());
                for (idx, name) in names.iter().enumerate() {
                    let idx = i64::try_from(idx).unwrap_or(i64::MAX);
                    let key = Typed::constant(Value::Long(idx), KqlType::Long);
                    let item = self.operator("[]", vec![value.clone(), key], named.span, &[])?;
                    columns.push((Some(name.text.clone()), item));
                }
                Ok(columns)
            }
            Some(Target::Name(name)) => Ok(vec![(Some(name.text.clone()), self.expr(&named.expr, at)?)]),
            None => Ok(vec![(default_name(&named.expr), self.expr(&named.expr, at)?)]),
        }
    }

    /// The columns of a function that fills several: given names first, then generated ones.
    fn several_columns(
        &mut self,
        several: &Several,
        call: &'t Call,
        named: &'t NamedExpr,
        at: At<'_, 't>,
    ) -> Bind<Vec<(Option<String>, Bound)>> {
        let given: &[Name] = match &named.target {
            Some(Target::Tuple(names)) => names,
            Some(Target::Name(name)) => std::slice::from_ref(name),
            None => &[],
        };
        if given.len() > several.columns.len() {
            let message = format!("There are {} names for {} columns.", given.len(), several.columns.len());
            return self.refuse("KQL128", named.span, message, "");
        }
        let bag = self.typed(&named.expr, at)?;
        let of = call.arguments.first().and_then(|argument| default_name(&argument.value)).unwrap_or_default();
        let mut columns = Vec::with_capacity(several.columns.len());
        for (idx, (member, ty)) in several.columns.iter().enumerate() {
            let key = Typed::constant(Value::text(*member), KqlType::String);
            let value = self.operator("[]", vec![bag.clone(), key], named.span, &[])?;
            let typed = self.converted(value.typed, *ty, named.span)?;
            let name = match given.get(idx) {
                Some(name) => name.text.clone(),
                None => format!("{}_{of}_{member}", several.function),
            };
            columns.push((Some(name), Bound::of(typed)));
        }
        Ok(columns)
    }

    pub(super) fn project_away(&mut self, patterns: &'t [NamePattern], mut input: Frame) -> Bind<Frame> {
        self.check_patterns(patterns, &input)?;
        let goes = |column: &Column| {
            patterns.iter().any(|pattern| pattern.matches(&column.name) && !(pattern.is_pattern && column.is_alias))
        };
        // A column goes with its second names, whichever of them is named.
        let gone: Vec<String> =
            input.columns.iter().filter(|column| goes(column)).map(|column| column.id.clone()).collect();
        let is_named_twice = |column: &Column| {
            column.is_alias || input.columns.iter().any(|other| other.is_alias && other.id == column.id && goes(other))
        };
        let stays = |column: &&Column| {
            let goes_along = gone.contains(&column.id) && is_named_twice(column);
            !goes(column) && !goes_along
        };
        let kept: Vec<Column> = input.columns.iter().filter(stays).cloned().collect();
        input.columns = kept;
        input.table = None;
        Ok(input)
    }

    pub(super) fn project_keep(&mut self, patterns: &'t [NamePattern], mut input: Frame) -> Bind<Frame> {
        self.check_patterns(patterns, &input)?;
        for column in &mut input.columns {
            // A second name that is asked for becomes a column.
            if column.is_alias && patterns.iter().any(|pattern| !pattern.is_pattern && pattern.text == column.name) {
                column.is_alias = false;
            }
        }
        input.columns.retain(|column| !column.is_alias && patterns.iter().any(|pattern| pattern.matches(&column.name)));
        input.table = None;
        Ok(input)
    }

    /// A plain name must be a column; a pattern may fit none.
    fn check_patterns(&mut self, patterns: &'t [NamePattern], input: &Frame) -> Bind<()> {
        let mut is_broken = false;
        for pattern in patterns {
            if !pattern.is_pattern && input.column(&pattern.text).is_none() && !input.is_open {
                let name = ::kql::syntax::Name { text: pattern.text.clone(), span: pattern.span };
                let env = Env::default();
                let refused: Bind<()> = self.unknown_name(&name, At::rows(&env, input));
                is_broken |= self.recover(refused)?.is_none();
            }
        }
        if is_broken { Err(Stop::Reported) } else { Ok(()) }
    }

    pub(super) fn project_rename(&mut self, columns: &'t [NamedExpr], mut input: Frame) -> Bind<Frame> {
        let mut renames: Vec<(usize, String)> = Vec::new();
        for named in columns {
            let (Some(Target::Name(new)), Tree::Name(old)) = (&named.target, &named.expr) else {
                return self.refuse("KQL124", named.span, "`project-rename` takes `new = old`.", "");
            };
            let Some(idx) = input.columns.iter().position(|column| column.name == old.text) else {
                if input.is_open {
                    continue;
                }
                let env = Env::default();
                return self.unknown_name(old, At::rows(&env, &input));
            };
            renames.push((idx, new.text.clone()));
        }
        for (idx, name) in renames {
            let id = input.columns[idx].id.clone();
            input.columns[idx].name = name;
            if input.columns[idx].is_alias {
                // The column's other name goes, as if it had been renamed itself.
                input.columns.retain(|column| column.is_alias || column.id != id);
                if let Some(column) = input.columns.iter_mut().find(|column| column.id == id) {
                    column.is_alias = false;
                }
            }
        }
        let mut names: Vec<&str> = input.columns.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("There would be two columns `{}`.", twice[0]);
            let span = columns.first().map_or(Span::default(), |named| named.span);
            return self.refuse("KQL125", span, message, "Project the other one away first.");
        }
        input.table = None;
        Ok(input)
    }

    pub(super) fn project_reorder(&mut self, entries: &'t [Reorder], mut input: Frame) -> Bind<Frame> {
        let mut rest = input.columns.clone();
        let mut first: Vec<Column> = Vec::new();
        for entry in entries {
            if !entry.pattern.is_pattern && input.column(&entry.pattern.text).is_none() && !input.is_open {
                let name = ::kql::syntax::Name { text: entry.pattern.text.clone(), span: entry.pattern.span };
                let env = Env::default();
                return self.unknown_name(&name, At::rows(&env, &input));
            }
            let is_plain = !entry.pattern.is_pattern;
            let (mut moved, kept): (Vec<Column>, Vec<Column>) = rest
                .into_iter()
                .partition(|column| entry.pattern.matches(&column.name) && (is_plain || !column.is_alias));
            rest = kept;
            for column in &mut moved {
                // `project-reorder TimeGenerated` moves the column that it is another name of.
                if column.is_alias
                    && let Some(idx) = rest.iter().position(|other| other.id == column.id)
                {
                    *column = rest.remove(idx);
                }
            }
            sort_columns(&mut moved, entry.order);
            first.extend(moved);
        }
        first.extend(rest);
        input.columns = first;
        Ok(input)
    }

    /// Refuses tables that are too wide.
    pub(crate) fn check_width(&mut self, frame: &Frame, span: Span) -> Bind<()> {
        if frame.columns.len() <= crate::limits::COLUMNS_MAX { Ok(()) } else { self.too_wide(span) }
    }

    /// Says that a table has too many columns.
    pub(crate) fn too_wide<T>(&mut self, span: Span) -> Bind<T> {
        let most = crate::limits::COLUMNS_MAX;
        self.refuse("KQL184", span, format!("The table has more than {most} columns (COLUMNS_MAX)."), "Project fewer.")
    }

    pub(super) fn serialize(&mut self, columns: &'t [NamedExpr], mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        if input.order == RowOrder::None && input.group.is_some() {
            // Rows of a group must be next to each other.
            input = self.sorted(input, Vec::new(), None)?;
        }
        if input.order == RowOrder::None {
            input.order = RowOrder::Serialized;
        }
        if columns.is_empty() { Ok(input) } else { self.extend(columns, input, env) }
    }
}

fn sort_columns(columns: &mut [Column], order: Option<ReorderOrder>) {
    match order {
        None => {}
        Some(ReorderOrder::Ascending) => columns.sort_by(|left, right| left.name.cmp(&right.name)),
        Some(ReorderOrder::Descending) => columns.sort_by(|left, right| right.name.cmp(&left.name)),
        Some(ReorderOrder::GrannyAscending) => columns.sort_by_key(|column| granny(&column.name)),
        Some(ReorderOrder::GrannyDescending) => {
            columns.sort_by_key(|column| std::cmp::Reverse(granny(&column.name)));
        }
    }
}

/// A name as texts and numbers, so that `a10` comes after `a9`.
fn granny(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits_at = rest.find(|char: char| char.is_ascii_digit()).unwrap_or(rest.len());
        let (text, behind) = rest.split_at(digits_at);
        let end = behind.find(|char: char| !char.is_ascii_digit()).unwrap_or(behind.len());
        let (digits, behind) = behind.split_at(end);
        parts.push((text.to_owned(), digits.parse().unwrap_or(u64::MAX)));
        rest = behind;
    }
    parts
}

/// The name that an expression's column has without `name =`: the column's own, that of a property, or none.
pub(crate) fn default_name(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Name(name) => Some(name.text.clone()),
        Tree::Member { base, name, .. } => {
            Some(default_name(base).map_or_else(|| name.text.clone(), |base| format!("{base}_{}", name.text)))
        }
        Tree::Index { base, index, .. } => {
            let base = default_name(base)?;
            match index.as_ref() {
                Tree::Literal { literal: ::kql::syntax::Literal::String { value, .. }, .. } => {
                    Some(format!("{base}_{value}"))
                }
                Tree::Literal { literal: ::kql::syntax::Literal::Long(Some(idx)), .. } => Some(format!("{base}_{idx}")),
                _ => None,
            }
        }
        Tree::Call(call) => {
            let naming = functions::naming(&call.name.text)?;
            Some(named_by(naming, &default_name(&call.arguments.first()?.value)?))
        }
        _ => None,
    }
}

/// The name of a call's result.
pub(super) fn named_by(naming: Naming, argument: &str) -> String {
    match naming {
        Naming::Argument => argument.to_owned(),
        Naming::Prefixed(prefix) => format!("{prefix}_{argument}"),
        Naming::Suffixed(suffix) => format!("{argument}_{suffix}"),
    }
}

/// `Column1`, or the next number that is free.
pub(crate) fn free_name(stem: &str, taken: &mut Vec<String>) -> String {
    free_suffix(stem, taken)
}

/// The name with the first number behind it that is free.
pub(crate) fn free_suffix(stem: &str, taken: &mut Vec<String>) -> String {
    let mut number = 1;
    loop {
        let name = format!("{stem}{number}");
        if !taken.contains(&name) {
            taken.push(name.clone());
            return name;
        }
        number += 1;
    }
}
