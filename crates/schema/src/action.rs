//! Event groups and action types: what can happen, which table it belongs to, how a person reads it.

mod names;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use names::ACTIONS;

/// Declares the groups with the words that the portal shows.
macro_rules! groups {
    ($($ident:ident, $en:literal, $ja:literal;)+) => {
        /// Kind of action, the timeline's first filter. Every action is in exactly one group.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventGroup {
            $(#[doc = $en] $ident,)+
        }

        impl EventGroup {
            /// Every group, in the order of the portal's filter.
            pub const ALL: &'static [EventGroup] = &[$(EventGroup::$ident),+];

            /// The value in the column `EventGroup`.
            pub const fn name(self) -> &'static str {
                match self { $(EventGroup::$ident => stringify!($ident),)+ }
            }

            /// English label.
            pub const fn en(self) -> &'static str {
                match self { $(EventGroup::$ident => $en,)+ }
            }

            /// Japanese label.
            pub const fn ja(self) -> &'static str {
                match self { $(EventGroup::$ident => $ja,)+ }
            }
        }
    };
}

groups! {
    Processes, "Processes", "プロセス";
    Files, "Files", "ファイル";
    Network, "Network", "ネットワーク";
    Dns, "DNS", "DNS";
    Registry, "Registry", "レジストリ";
    UserActivity, "User activity", "ユーザー操作";
    ScheduledTask, "Scheduled tasks", "スケジュールタスク";
    Firewall, "Firewall", "ファイアウォール";
    AntiVirus, "Antivirus", "ウイルス対策";
    AppControl, "App control", "アプリ制御";
    AppGuard, "App Guard", "アプリ分離";
    ExploitGuard, "Exploit protection", "エクスプロイト防止";
    SmartScreen, "SmartScreen", "SmartScreen";
    AlertsRelatedEvents, "Alerts", "アラート関連";
    ResponseActions, "Response actions", "対応操作";
    Sensor, "Sensor", "センサー";
    Other, "Other", "その他";
}

impl EventGroup {
    /// The group with that value in the column `EventGroup`.
    pub fn from_name(name: &str) -> Option<EventGroup> {
        EventGroup::ALL.iter().copied().find(|group| group.name() == name)
    }
}

/// One ActionType.
#[derive(Debug)]
pub struct Action {
    /// Value of the column `ActionType`, for example `FileCreated`.
    pub name: &'static str,
    /// Table that its rows belong to.
    pub table: &'static str,
    /// Its group.
    pub group: EventGroup,
    /// Short English verb phrase, for example `File created`.
    pub en: &'static str,
    /// The same in Japanese.
    pub ja: &'static str,
    /// True when MDE has no such ActionType.
    pub ours: bool,
}

/// The action of that name, in exact spelling.
pub fn action(name: &str) -> Option<&'static Action> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Action>> =
        LazyLock::new(|| ACTIONS.iter().map(|action| (action.name, action)).collect());
    BY_NAME.get(name).copied()
}
