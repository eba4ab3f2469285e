//! What one event says and later ones leave out: which file a handle is of, which name an address was looked up by, and
//! which addresses are the device's own. Bounded; forgetting only costs what would have been filled in.

use std::collections::{HashMap, HashSet};

use schema::{Column, Row, col};
use serde_json::Value;

use crate::limits::{ANSWER_VALID_NS, ANSWERS_MAX, HANDLES_MAX, LINKED_DEVICES_MAX, OWN_ADDRESSES_MAX};
use crate::map::address_kind_of;
use crate::{Event, Field};

const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

/// Links over all devices of an import.
#[derive(Debug, Default)]
pub(crate) struct Links {
    devices: HashMap<String, Device>,
}

#[derive(Debug, Default)]
struct Device {
    /// Type and name of the object behind a handle of a process.
    handles: HashMap<(String, String), (String, String)>,
    /// Names that a process looked up, by its identity and the address in the answer.
    answers: HashMap<(String, String), Vec<Answer>>,
    n_answers: usize,
    own: HashSet<String>,
}

#[derive(Debug)]
struct Answer {
    name: String,
    time_ns: i64,
}

impl Links {
    /// Takes note of an event, and adds to it what an earlier one has said.
    pub(crate) fn complete(&mut self, event: &mut Event) {
        if event.provider != SECURITY || !matches!(event.event_id, 4656 | 4658 | 4660) {
            return;
        }
        let text = |name: &str| event.get(name).unwrap_or_default().to_owned();
        let key = (text("ProcessId"), text("HandleId"));
        if key.1.is_empty() || key.1 == "0x0" {
            return;
        }
        let computer = event.computer.to_lowercase();
        match event.event_id {
            4656 if event.get("ObjectName").is_some_and(|name| !matches!(name, "" | "-")) => {
                let object = (text("ObjectType"), text("ObjectName"));
                let handles = &mut self.device(&computer).handles;
                if handles.len() >= HANDLES_MAX {
                    handles.clear();
                }
                handles.insert(key, object);
            }
            4660 if event.get("ObjectName").is_none() => {
                let object = self.devices.get(&computer).and_then(|device| device.handles.get(&key));
                if let Some((ty, name)) = object {
                    event.data.push(Field { name: "ObjectType".into(), value: ty.clone() });
                    event.data.push(Field { name: "ObjectName".into(), value: name.clone() });
                }
            }
            // Closed: Windows gives the number to something else.
            4658 => {
                if let Some(device) = self.devices.get_mut(&computer) {
                    device.handles.remove(&key);
                }
            }
            _ => {}
        }
    }

    /// Takes note of an event's row, and turns a connection round whose ends other events show to be the wrong way.
    pub(crate) fn see(&mut self, event: &Event, row: &mut Row) {
        match (event.provider.as_str(), event.event_id) {
            ("Microsoft-Windows-Sysmon", 22) => self.learn_answers(row),
            ("Microsoft-Windows-Sysmon", 3) => self.learn_own(row),
            (SECURITY, 5152 | 5156 | 5157) => {
                if event.get("Direction") == Some("%%14593") {
                    self.learn_own(row);
                } else {
                    self.turn(row);
                }
            }
            _ => {}
        }
    }

    /// The name that the process asked for, for a connection to an address in the answer. A name from a reverse look-up
    /// gives way to it.
    pub(crate) fn name(&self, row: &mut Row) {
        let is_connection = matches!(row.text(&col::ACTION_TYPE), Some("ConnectionSuccess" | "ConnectionFailed"));
        if !is_connection || self.devices.is_empty() {
            return;
        }
        let (Some(process), Some(address), Some(time_ns)) =
            (row.text(&col::INITIATING_PROCESS_UNIQUE_ID), row.text(&col::REMOTE_IP), row.number(&col::TIMESTAMP))
        else {
            return;
        };
        let device = self.devices.get(row.text(&col::DEVICE_NAME).unwrap_or_default());
        let key = (process.to_owned(), address.to_owned());
        let Some(answers) = device.and_then(|device| device.answers.get(&key)) else { return };
        let is_before = |answer: &&Answer| (0..=ANSWER_VALID_NS).contains(&(time_ns - answer.time_ns));
        let mut names: Vec<&str> = answers.iter().filter(is_before).map(|answer| answer.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        // Two names of one address: which of them it was, nothing says.
        let [name] = names.as_slice() else { return };
        let name = (*name).to_owned();
        if let Some(reverse) = row.text(&col::REMOTE_URL).map(str::to_owned).filter(|reverse| *reverse != name) {
            crate::merge::add_extra(row, "ReverseLookup", reverse.into());
        }
        row.set(&col::REMOTE_URL, name);
        crate::merge::add_extra(row, "RemoteUrlSource", "answer to the process".into());
    }

    fn device(&mut self, computer: &str) -> &mut Device {
        if !self.devices.contains_key(computer) && self.devices.len() >= LINKED_DEVICES_MAX {
            self.devices.clear();
        }
        self.devices.entry(computer.to_owned()).or_default()
    }

    fn learn_answers(&mut self, row: &Row) {
        let (Some(process), Some(name), Some(time_ns)) =
            (row.text(&col::INITIATING_PROCESS_UNIQUE_ID), row.text(&col::REMOTE_URL), row.number(&col::TIMESTAMP))
        else {
            return;
        };
        let answers = row.text(&col::DNS_ANSWERS).and_then(|text| serde_json::from_str(text).ok());
        let Some(Value::Array(answers)) = answers else { return };
        let device = self.device(row.text(&col::DEVICE_NAME).unwrap_or_default());
        for address in answers.iter().filter_map(Value::as_str) {
            if device.n_answers >= ANSWERS_MAX {
                device.answers.clear();
                device.n_answers = 0;
            }
            let known = device.answers.entry((process.to_owned(), address.to_owned())).or_default();
            let n_before = known.len();
            known.retain(|answer| time_ns - answer.time_ns <= ANSWER_VALID_NS && answer.name != name);
            known.push(Answer { name: name.to_owned(), time_ns });
            device.n_answers = (device.n_answers + known.len()).saturating_sub(n_before);
        }
    }

    /// Of a connection that the device itself made, the local end is its own.
    fn learn_own(&mut self, row: &Row) {
        if row.text(&col::ACTION_TYPE) == Some("InboundConnectionAccepted") {
            return;
        }
        let (Some(address), Some(name)) = (row.text(&col::LOCAL_IP), row.text(&col::DEVICE_NAME)) else { return };
        if self.devices.get(name).is_some_and(|device| device.own.contains(address)) {
            return;
        }
        let device = self.device(name);
        if device.own.len() < OWN_ADDRESSES_MAX {
            device.own.insert(address.to_owned());
        }
    }

    /// An inbound connection whose remote end is the device's own address, and whose local end is not.
    fn turn(&self, row: &mut Row) {
        let Some(device) = self.devices.get(row.text(&col::DEVICE_NAME).unwrap_or_default()) else { return };
        let is_own = |column| row.text(column).is_some_and(|address| device.own.contains(address));
        if !is_own(&col::REMOTE_IP) || is_own(&col::LOCAL_IP) {
            return;
        }
        let [local, remote] = [&col::LOCAL_IP, &col::REMOTE_IP]
            .map(|column: &'static Column| row.text(column).map(str::to_owned).unwrap_or_default());
        let ports = [&col::LOCAL_PORT, &col::REMOTE_PORT].map(|column| row.number(column));
        row.set(&col::LOCAL_IP_TYPE, address_kind_of(&remote))
            .set(&col::REMOTE_IP_TYPE, address_kind_of(&local))
            .set(&col::LOCAL_IP, remote)
            .set(&col::REMOTE_IP, local);
        if let [Some(local_port), Some(remote_port)] = ports {
            row.set(&col::LOCAL_PORT, remote_port).set(&col::REMOTE_PORT, local_port);
        }
    }
}
