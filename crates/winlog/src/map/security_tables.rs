//! The rest of the Security log: services, tasks, accounts, groups, policies, shares.

use schema::col;

use super::Build;
use super::rule::{Mapping, Rule::*};
use super::security::{map, with_subject, with_target};

pub(super) static MAPPINGS: &[Mapping] = &[
    map(
        &[4697],
        "ServiceInstalled",
        with_subject![
            Number("ProcessId", &col::INITIATING_PROCESS_ID),
            Actor("ProcessName"),
            Text("ServiceFileName", &col::PROCESS_COMMAND_LINE),
            Text("ServiceAccount", &col::ACCOUNT_NAME),
        ],
        Some(service),
    ),
    map(&[4698], "ScheduledTaskCreated", TASK, Some(task)),
    map(&[4699], "ScheduledTaskDeleted", TASK, Some(task)),
    map(&[4700], "ScheduledTaskEnabled", TASK, Some(task)),
    map(&[4701], "ScheduledTaskDisabled", TASK, Some(task)),
    map(&[4702], "ScheduledTaskUpdated", TASK, Some(task)),
    map(&[4720], "UserAccountCreated", with_target![], None),
    map(&[4726], "UserAccountDeleted", with_target![], None),
    map(&[4722], "UserAccountModified", with_target![Note("Change", "enabled")], None),
    map(&[4725], "UserAccountModified", with_target![Note("Change", "disabled")], None),
    map(&[4738], "UserAccountModified", with_target![Note("Change", "changed")], None),
    map(&[4740], "UserAccountModified", with_target![Note("Change", "locked out")], None),
    map(&[4767], "UserAccountModified", with_target![Note("Change", "unlocked")], None),
    map(
        &[4781],
        "UserAccountModified",
        with_target![Note("Change", "renamed"), Text("NewTargetUserName", &col::ACCOUNT_NAME)],
        None,
    ),
    map(&[4723], "PasswordChangeAttempt", with_target![Note("Change", "by the user")], None),
    map(&[4724], "PasswordChangeAttempt", with_target![Note("Change", "reset")], None),
    map(&[4731], "SecurityGroupCreated", with_target![Note("Scope", "local")], None),
    map(&[4727], "SecurityGroupCreated", with_target![Note("Scope", "global")], None),
    map(&[4754], "SecurityGroupCreated", with_target![Note("Scope", "universal")], None),
    map(&[4734], "SecurityGroupDeleted", with_target![Note("Scope", "local")], None),
    map(&[4730], "SecurityGroupDeleted", with_target![Note("Scope", "global")], None),
    map(&[4758], "SecurityGroupDeleted", with_target![Note("Scope", "universal")], None),
    map(&[4732], "UserAccountAddedToLocalGroup", with_subject![Note("Scope", "local")], Some(member)),
    map(&[4728], "UserAccountAddedToLocalGroup", with_subject![Note("Scope", "global")], Some(member)),
    map(&[4756], "UserAccountAddedToLocalGroup", with_subject![Note("Scope", "universal")], Some(member)),
    map(&[4733], "UserAccountRemovedFromLocalGroup", with_subject![Note("Scope", "local")], Some(member)),
    map(&[4729], "UserAccountRemovedFromLocalGroup", with_subject![Note("Scope", "global")], Some(member)),
    map(&[4757], "UserAccountRemovedFromLocalGroup", with_subject![Note("Scope", "universal")], Some(member)),
    map(&[4717], "LogonRightsSettingEnabled", with_target![Note("Change", "granted")], None),
    map(&[4718], "LogonRightsSettingEnabled", with_target![Note("Change", "removed")], None),
    map(&[4797], "AccountCheckedForBlankPassword", with_target![], None),
    map(&[4719], "AuditPolicyModification", with_subject![], None),
    map(&[5136], "DirectoryServiceObjectModified", with_subject![], None),
    map(&[5137], "DirectoryServiceObjectCreated", with_subject![], None),
    map(&[4662], "DirectoryServiceAccess", with_subject![], None),
    map(&[5140], "NetworkShareObjectAccessChecked", SHARE, Some(share)),
    map(&[5145], "NetworkShareObjectAccessChecked", SHARE, Some(share)),
    map(&[5142], "NetworkShareObjectAdded", SHARE, Some(share)),
    map(&[5143], "NetworkShareObjectModified", SHARE, Some(share)),
    map(&[5144], "NetworkShareObjectDeleted", SHARE, Some(share)),
    map(&[5031], "FirewallInboundConnectionToAppBlocked", &[File("Application")], None),
    map(&[5025, 5034], "FirewallServiceStopped", &[], None),
];

const TASK: &[super::rule::Rule] = with_subject![Number("ClientProcessId", &col::INITIATING_PROCESS_ID)];

const SHARE: &[super::rule::Rule] = with_subject![RemoteAddress("IpAddress"), Number("IpPort", &col::REMOTE_PORT),];

fn service(build: &mut Build<'_>) {
    if let Some(command) = build.peek("ServiceFileName") {
        super::other::service_file(build, command);
    }
    build.row.set(&col::INITIATING_PROCESS_SESSION_ID, 0);
}

/// The task's definition is XML in a text: what it starts is taken out by hand, the whole stays.
fn task(build: &mut Build<'_>) {
    let content = build.peek("TaskContent").or_else(|| build.peek("TaskContentNew"));
    let Some(content) = content else { return };
    for (tag, name) in [("Command", "TaskCommand"), ("Arguments", "TaskArguments"), ("UserId", "TaskUserId")] {
        if let Some(text) = element(content, tag) {
            build.extra(name, text);
        }
    }
}

/// The text of the first element of that name, unescaped.
fn element(xml: &str, tag: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    let (text, _) = rest.split_once(&format!("</{tag}>"))?;
    Some(quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned))
}

/// Who is put into which group: here the target is the group.
fn member(build: &mut Build<'_>) {
    if let Some(sid) = build.take("MemberSid") {
        build.text(&col::ACCOUNT_SID, sid);
    }
    if let Some(name) = build.take("MemberName") {
        // A distinguished name: its first part is the account.
        let short = name
            .strip_prefix("CN=")
            .or_else(|| name.strip_prefix("cn="))
            .map_or(name, |rest| rest.split_once(',').map_or(rest, |(short, _)| short));
        build.text(&col::ACCOUNT_NAME, short);
        build.extra("MemberName", name);
    }
    for (field, name) in
        [("TargetUserName", "GroupName"), ("TargetDomainName", "GroupDomainName"), ("TargetSid", "GroupSid")]
    {
        if let Some(value) = build.take(field) {
            build.extra(name, value);
        }
    }
}

fn share(build: &mut Build<'_>) {
    if let Some(name) = build.take("ShareName") {
        build.text(&col::SHARE_NAME, name);
        build.extra("ShareName", name);
    }
    if build.event.event_id == 5140 {
        build.extra("ShareAccess", true);
    }
    if let Some(path) = build.take("RelativeTargetName") {
        super::rule::file(build, path);
    }
}
