//! The rows of `FileProfile` and `SeenBy`: each key is looked up once, those of a batch together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use store::{FileFacts, Kind, PrevalenceSnapshot, Sighting};

use super::profile::kinds_of;
use crate::kql::exec::{RowOperator, Run};
use crate::kql::frame::ticks_of_us;
use crate::kql::types::KqlType;
use crate::kql::value::{Column, Json, Value, array};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    FileProfile,
    SeenBy,
}

/// The operator.
#[derive(Debug)]
pub(super) struct Enrich {
    pub(super) what: What,
    /// The column of the key.
    pub(super) source: String,
    /// MDE's name, ours, and the type.
    pub(super) outputs: Vec<(String, String, KqlType)>,
    /// Different keys that are looked up; the rows of later ones have empty columns.
    pub(super) n_keys_max: usize,
    pub(super) tenant: Option<String>,
    pub(super) devices: Option<Vec<String>>,
    /// `None` when nothing is run.
    pub(super) prevalence: Option<PrevalenceSnapshot>,
}

impl RowOperator for Enrich {
    fn name(&self) -> &'static str {
        "Enrich"
    }

    fn details(&self) -> String {
        format!("{:?} {} {:?} limit={}", self.what, self.source, self.outputs, self.n_keys_max)
    }

    fn reads(&self) -> Vec<String> {
        vec![self.source.clone()]
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn drops(&self) -> Vec<String> {
        self.reads()
    }

    fn columns(&self) -> Schema {
        let fields: Vec<Field> =
            self.outputs.iter().map(|(_, id, ty)| Field::new(id.clone(), ty.arrow(), true)).collect();
        Schema::new(fields)
    }

    // The limit counts the keys of all rows.
    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Enriching {
            what: self.what,
            source: input.index_of(&self.source)?,
            kept: self.kept(input),
            outputs: self.outputs.iter().map(|(name, _, ty)| (name.clone(), *ty)).collect(),
            n_keys_left: self.n_keys_max,
            tenant: self.tenant.clone(),
            devices: self.devices.clone(),
            prevalence: self.prevalence.clone(),
            profiles: HashMap::new(),
            output: Arc::clone(output),
            ready: None,
        }))
    }
}

/// What is known of a key.
#[derive(Clone, Debug)]
enum Profile {
    /// No key, or one too many.
    NotAsked,
    Missing,
    Failed,
    Found(Box<Sighting>),
}

struct Enriching {
    what: What,
    source: usize,
    kept: Vec<usize>,
    outputs: Vec<(String, KqlType)>,
    n_keys_left: usize,
    tenant: Option<String>,
    devices: Option<Vec<String>>,
    prevalence: Option<PrevalenceSnapshot>,
    profiles: HashMap<String, Profile>,
    output: SchemaRef,
    ready: Option<RecordBatch>,
}

impl Enriching {
    /// Looks up the keys of a batch that were not looked up before, as many as the limit allows, in the order of rows.
    fn look_up(&mut self, keys: &Column) {
        let mut wanted: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for row_idx in 0..keys.len() {
            let key = keys.text(row_idx);
            if self.n_keys_left == 0 {
                break;
            }
            if self.profiles.contains_key(key) {
                continue;
            }
            let kinds = kinds_of(self.what, key);
            if kinds.is_empty() {
                continue;
            }
            for kind in kinds {
                wanted.entry(kind).or_default().push(key.to_owned());
            }
            self.profiles.insert(key.to_owned(), Profile::Missing);
            self.n_keys_left -= 1;
        }
        let Some(prevalence) = &self.prevalence else { return };
        for (kind, keys) in wanted {
            let texts: Vec<&str> = keys.iter().map(String::as_str).collect();
            let found = prevalence.look_up(kind, &texts, self.tenant.as_deref());
            if let Err(error) = &found {
                tracing::error!(%error, "prevalence can't be read");
            }
            let mut found = found.ok().map(Vec::into_iter);
            for key in keys {
                let known = self.profiles.entry(key).or_insert(Profile::Missing);
                match (found.as_mut().map(Iterator::next), known) {
                    (None, known) => *known = Profile::Failed,
                    (Some(Some(Some(sighting))), Profile::Found(known)) => known.merge(sighting),
                    (Some(Some(Some(sighting))), known @ Profile::Missing) => {
                        *known = Profile::Found(Box::new(sighting));
                    }
                    (Some(_), _) => {}
                }
            }
        }
    }

    fn value(&self, key: &str, profile: &Profile, name: &str, ty: KqlType) -> Value {
        let Profile::Found(sighting) = profile else {
            return match (name, profile) {
                ("ProfileAvailability", Profile::Missing) => Value::text("Missing"),
                ("ProfileAvailability", Profile::Failed) => Value::text("Error"),
                ("SeenBy", Profile::Missing) => Value::Dynamic(Json::Array(Vec::new())),
                ("SHA1" | "SHA256" | "MD5", Profile::Missing) => own_hash(name, key),
                _ => Value::null_of(ty),
            };
        };
        let FileFacts { sha1, sha256, md5, size } = &sighting.facts;
        let text = |text: &Option<String>| Value::text(text.clone().unwrap_or_default());
        match name {
            "SHA1" => text(sha1),
            "SHA256" => text(sha256),
            "MD5" => text(md5),
            "FileSize" => size.map_or(Value::Null, Value::Long),
            "GlobalPrevalence" => Value::Long(self.count(sighting)),
            "GlobalFirstSeen" => Value::DateTime(ticks_of_us(sighting.first_us)),
            "GlobalLastSeen" => Value::DateTime(ticks_of_us(sighting.last_us)),
            "ProfileAvailability" => Value::text("Available"),
            "SeenBy" => Value::Dynamic(self.visible(sighting).map(Json::from).collect()),
            _ => Value::null_of(ty),
        }
    }

    fn visible<'s>(&'s self, sighting: &'s Sighting) -> impl Iterator<Item = &'s str> {
        let allowed = self.devices.as_deref();
        let ids = sighting.devices.ids().iter().map(String::as_str);
        ids.filter(move |id| allowed.is_none_or(|allowed| allowed.iter().any(|allowed| allowed == id)))
    }

    fn count(&self, sighting: &Sighting) -> i64 {
        match self.devices {
            Some(_) => self.visible(sighting).count() as i64,
            None => sighting.devices.count().cast_signed(),
        }
    }
}

/// A hash that was looked up in vain is still the hash of the file.
fn own_hash(name: &str, key: &str) -> Value {
    let is_own = matches!((name, key.len()), ("SHA1", 40) | ("SHA256", 64) | ("MD5", 32));
    Value::text(if is_own { key } else { "" })
}

impl Run for Enriching {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let keys = Column::new(batch.column(self.source), KqlType::String)?;
        self.look_up(&keys);
        let mut arrays: Vec<_> = self.kept.iter().map(|idx| Arc::clone(batch.column(*idx))).collect();
        for (name, ty) in &self.outputs {
            let mut values = Vec::with_capacity(batch.num_rows());
            for row_idx in 0..batch.num_rows() {
                let key = keys.text(row_idx);
                let profile = self.profiles.get(key).unwrap_or(&Profile::NotAsked);
                values.push(self.value(key, profile, name, *ty));
            }
            arrays.push(array(&values, *ty));
        }
        self.ready = Some(RecordBatch::try_new(Arc::clone(&self.output), arrays)?);
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.take())
    }

    fn bytes(&self) -> usize {
        let of = |profile: &Profile| match profile {
            Profile::Found(sighting) => sighting.devices.ids().iter().map(|id| id.len() + 24).sum::<usize>() + 400,
            Profile::NotAsked | Profile::Missing | Profile::Failed => 100,
        };
        self.profiles.values().map(of).sum()
    }
}
