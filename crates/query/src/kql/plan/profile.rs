//! `invoke FileProfile(…)` and `SeenBy(…)`: columns out of the store's prevalence.

use std::sync::Arc;

use ::kql::syntax::{Call, Expr as Tree};
use store::Kind;

use super::profile_rows::{Enrich, What};
use crate::kql::bind::{At, Bind, Binder, Env};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Column, Frame};
use crate::kql::types::{KqlType, Typed};
use crate::limits::{FILE_PROFILES_DEFAULT, FILE_PROFILES_MAX};

/// What `FileProfile` adds in MDE.
pub(super) const FILE_PROFILE: &[(&str, KqlType)] = &[
    ("SHA1", KqlType::String),
    ("SHA256", KqlType::String),
    ("MD5", KqlType::String),
    ("FileSize", KqlType::Long),
    ("GlobalPrevalence", KqlType::Long),
    ("GlobalFirstSeen", KqlType::DateTime),
    ("GlobalLastSeen", KqlType::DateTime),
    ("Signer", KqlType::String),
    ("Issuer", KqlType::String),
    ("SignerHash", KqlType::String),
    ("IsCertificateValid", KqlType::Bool),
    ("IsRootSignerMicrosoft", KqlType::Bool),
    ("SignatureState", KqlType::String),
    ("IsExecutable", KqlType::Bool),
    ("ThreatName", KqlType::String),
    ("Publisher", KqlType::String),
    ("SoftwareName", KqlType::String),
    ("ProfileAvailability", KqlType::String),
];

/// Columns of it that our data cannot fill.
const NEVER_FILLED: [&str; 10] = [
    "Signer",
    "Issuer",
    "SignerHash",
    "IsCertificateValid",
    "IsRootSignerMicrosoft",
    "SignatureState",
    "IsExecutable",
    "ThreatName",
    "Publisher",
    "SoftwareName",
];

/// What `SeenBy` adds.
const SEEN_BY: &[(&str, KqlType)] = &[("SeenBy", KqlType::Dynamic)];

/// The columns that say what a row is about when `SeenBy` has no argument.
const SEEN_BY_COLUMNS: [&str; 3] = ["IPAddress", "PublicIP", "RemoteIP"];

impl<'t> Binder<'t> {
    /// Columns of prevalence and signature.
    pub(super) fn enrich(&mut self, call: &'t Call, mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let what = if call.name.text == "SeenBy" { What::SeenBy } else { What::FileProfile };
        let key = self.key_looked_up(call, what, &input, env)?;
        let n_keys_max = self.n_keys_max(call, env)?;
        self.warn_of_gaps(call, what);
        let added = if what == What::SeenBy { SEEN_BY } else { FILE_PROFILE };
        let mut columns = Vec::new();
        for (name, ty) in added {
            if input.column(name).is_none() {
                columns.push(Column::plain(*name, *ty, self.id()));
            }
        }
        let source = self.id();
        input.add(vec![key.expr.alias(source.clone())])?;
        let access = &self.host.request.access;
        let operator = Enrich {
            what,
            source,
            outputs: columns.iter().map(|column| (column.name.clone(), column.id.clone(), column.ty)).collect(),
            n_keys_max,
            tenant: access.tenant.clone(),
            devices: access.devices.clone(),
            prevalence: self.host.snapshot.as_ref().map(|snapshot| snapshot.prevalence.clone()),
        };
        input.plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut input.plan))?;
        for column in columns {
            input.put(column);
        }
        input.table = None;
        Ok(input)
    }

    /// What is looked up: the first argument, which may also be a column's name in quotes, else the usual column.
    fn key_looked_up(&mut self, call: &'t Call, what: What, input: &Frame, env: &Env<'t>) -> Bind<Typed> {
        if let Some(argument) = call.arguments.first() {
            let typed = self.typed(&argument.value, At::rows(env, input))?;
            let quoted = typed.constant.as_ref().and_then(|name| input.column(name.as_str()));
            let typed = quoted.map_or(typed, |column| column.bound().typed);
            return self.converted(typed, KqlType::String, argument.value.span());
        }
        let usual: &[&str] = if what == What::SeenBy { &SEEN_BY_COLUMNS } else { &["SHA1"] };
        if let Some(column) = usual.iter().find_map(|name| input.column(name)) {
            return Ok(column.bound().typed);
        }
        if !input.is_open {
            let hint = format!("Name a column, or bring along one of {}.", usual.join(", "));
            let message = format!("`{}` finds no column to look up: its columns are empty.", call.name.text);
            self.warn("KQL192", call.span, message, hint);
        }
        Ok(Self::null(KqlType::String).typed)
    }

    fn n_keys_max(&mut self, call: &'t Call, env: &Env<'t>) -> Bind<usize> {
        let Some(argument) = call.arguments.get(1) else { return Ok(FILE_PROFILES_DEFAULT) };
        let tree: &'t Tree = &argument.value;
        let wanted = self.constant(tree, At::nowhere(env))?.0.as_long();
        let within = wanted.and_then(|wanted| usize::try_from(wanted).ok()).filter(|wanted| *wanted > 0);
        match within {
            Some(wanted) if wanted <= FILE_PROFILES_MAX => Ok(wanted),
            _ if self.host.is_analysis && wanted.is_none() => Ok(FILE_PROFILES_DEFAULT),
            _ => {
                let message = format!("`{}` looks up 1 to {FILE_PROFILES_MAX} files.", call.name.text);
                let hint = format!("It looks up {FILE_PROFILES_MAX}; the rows of further ones have empty columns.");
                self.warn("KQL193", tree.span(), message, hint);
                Ok(FILE_PROFILES_MAX)
            }
        }
    }

    /// Says what the columns cannot say.
    fn warn_of_gaps(&mut self, call: &'t Call, what: What) {
        let problems = self.host.snapshot.as_ref().map(|snapshot| snapshot.prevalence.problems().to_vec());
        for problem in problems.unwrap_or_default() {
            let message = format!("Prevalence is not complete: {problem}.");
            self.warn("KQL194", call.span, message, "First and last times and numbers of devices may be wrong.");
        }
        let text = &self.host.request.text;
        let named: Vec<&str> = NEVER_FILLED.into_iter().filter(|name| text.contains(name)).collect();
        if what == What::FileProfile && !named.is_empty() {
            let message = format!("`FileProfile` has no signatures and no threats here: {} empty.", listed(&named));
            self.warn("KQL192", call.span, message, "Conditions on them find nothing.");
        }
    }
}

fn listed(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// What a key may be by its form: only hashes for `FileProfile`. Many a file's name could be a host's.
pub(super) fn kinds_of(what: What, key: &str) -> Vec<Kind> {
    match (what, Kind::of_key(key)) {
        (What::FileProfile, Some(kind @ (Kind::Sha1 | Kind::Sha256 | Kind::Md5))) => vec![kind],
        (What::FileProfile, _) => Vec::new(),
        (What::SeenBy, Some(Kind::Domain)) => vec![Kind::Domain, Kind::FileName],
        (What::SeenBy, Some(kind)) => vec![kind],
        (What::SeenBy, None) => Kind::FileName.key(key).map(|_| Kind::FileName).into_iter().collect(),
    }
}
