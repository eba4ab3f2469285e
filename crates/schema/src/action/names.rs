//! Every ActionType once: MDE's (in-portal schema reference, documentation, public queries), then ours.
//! Sorted by table and group for reading; names are unique over all tables.

use super::{Action, EventGroup};

/// Declares actions in blocks of one table and one group.
macro_rules! actions {
    ($($ours:ident $table:literal $group:ident { $($name:ident, $en:literal, $ja:literal;)+ })+) => {
        /// Every ActionType.
        pub static ACTIONS: &[Action] = &[$($(Action {
            name: stringify!($name),
            table: $table,
            group: EventGroup::$group,
            en: $en,
            ja: $ja,
            ours: actions!(@$ours),
        },)+)+];
    };
    (@mde) => { false };
    (@ours) => { true };
}

actions! {
    mde "DeviceProcessEvents" Processes {
        ProcessCreated, "Process created", "プロセス作成";
        ProcessCreatedAggregatedReport, "Process created (summary)", "プロセス作成（集約）";
        OpenProcess, "Process opened", "プロセスを開く";
    }
    ours "DeviceProcessEvents" Processes {
        ProcessTerminated, "Process ended", "プロセス終了";
        ProcessFound, "Process found running", "実行中プロセス検出";
        ExecFailed, "Program start failed", "プログラム起動失敗";
    }
    mde "DeviceFileEvents" Files {
        FileCreated, "File created", "ファイル作成";
        FileCreatedAggregatedReport, "File created (summary)", "ファイル作成（集約）";
        FileModified, "File modified", "ファイル変更";
        FileModifiedAggregatedReport, "File modified (summary)", "ファイル変更（集約）";
        FileRenamed, "File renamed", "ファイル名変更";
        FileRenamedAggregatedReport, "File renamed (summary)", "ファイル名変更（集約）";
        FileDeleted, "File deleted", "ファイル削除";
    }
    ours "DeviceFileEvents" Files {
        FileOpenFailed, "File open failed", "ファイルを開けず";
    }
    mde "DeviceNetworkEvents" Network {
        ConnectionSuccess, "Connected", "接続成功";
        ConnectionSuccessAggregatedReport, "Connected (summary)", "接続成功（集約）";
        ConnectionFailed, "Connection failed", "接続失敗";
        ConnectionFailedAggregatedReport, "Connection failed (summary)", "接続失敗（集約）";
        ConnectionRequest, "Connection requested", "接続要求";
        ConnectionFound, "Connection found open", "既存接続検出";
        ConnectionAttempt, "Connection attempted", "接続試行";
        ConnectionAcknowledged, "Connection acknowledged", "接続応答";
        InboundConnectionAccepted, "Inbound connection accepted", "着信接続受付";
        InboundConnectionAttempt, "Inbound connection attempted", "着信接続試行";
        InboundInternetScanInspected, "Internet scan seen", "外部スキャン検出";
        ListeningConnectionCreated, "Started to listen", "待ち受け開始";
        NetworkSignatureInspected, "Network signature matched", "通信シグネチャ一致";
        HttpConnectionInspected, "HTTP connection inspected", "HTTP 通信検査";
        IcmpConnectionInspected, "ICMP traffic inspected", "ICMP 通信検査";
        SshConnectionInspected, "SSH connection inspected", "SSH 通信検査";
        SslConnectionInspected, "TLS connection inspected", "TLS 通信検査";
        SmtpConnectionInspected, "SMTP connection inspected", "SMTP 通信検査";
        FtpConnectionInspected, "FTP connection inspected", "FTP 通信検査";
    }
    mde "DeviceNetworkEvents" Dns {
        DnsConnectionInspected, "DNS traffic inspected", "DNS 通信検査";
    }
    mde "DeviceRegistryEvents" Registry {
        RegistryKeyCreated, "Registry key created", "レジストリキー作成";
        RegistryKeyDeleted, "Registry key deleted", "レジストリキー削除";
        RegistryKeyRenamed, "Registry key renamed", "レジストリキー名変更";
        RegistryValueSet, "Registry value set", "レジストリ値設定";
        RegistryValueDeleted, "Registry value deleted", "レジストリ値削除";
    }
    mde "DeviceLogonEvents" UserActivity {
        LogonAttempted, "Logon attempted", "ログオン試行";
        LogonFailed, "Logon failed", "ログオン失敗";
        LogonFailedAggregatedReport, "Logon failed (summary)", "ログオン失敗（集約）";
        LogonSuccess, "Logged on", "ログオン成功";
        LogonSuccessAggregatedReport, "Logged on (summary)", "ログオン成功（集約）";
    }
    ours "DeviceLogonEvents" UserActivity {
        Logoff, "Logged off", "ログオフ";
        KerberosTgtRequested, "Kerberos ticket-granting ticket requested", "Kerberos TGT 要求";
        KerberosServiceTicket, "Kerberos service ticket requested", "Kerberos サービスチケット要求";
    }
    mde "DeviceImageLoadEvents" Processes {
        ImageLoaded, "Library loaded", "ライブラリ読み込み";
    }
    mde "DeviceEvents" Processes {
        CreateRemoteThreadApiCall, "Thread created in another process", "他プロセスにスレッド作成";
        MemoryRemoteProtect, "Memory protection changed in another process", "他プロセスのメモリ保護変更";
        NtAllocateVirtualMemoryApiCall, "Memory allocated", "メモリ割り当て";
        NtAllocateVirtualMemoryRemoteApiCall, "Memory allocated in another process", "他プロセスにメモリ割り当て";
        NtMapViewOfSectionRemoteApiCall, "Memory mapped into another process", "他プロセスにメモリマップ";
        NtProtectVirtualMemoryApiCall, "Memory protection changed", "メモリ保護変更";
        OpenProcessApiCall, "Process opened", "プロセスを開く";
        QueueUserApcRemoteApiCall, "Call queued in another process", "他プロセスに APC 登録";
        ReadProcessMemoryApiCall, "Process memory read", "プロセスメモリ読み取り";
        SetThreadContextRemoteApiCall, "Thread context set in another process", "他プロセスのスレッド変更";
        WriteProcessMemoryApiCall, "Process memory written", "プロセスメモリ書き込み";
        WriteToLsassProcessMemory, "LSASS memory written", "LSASS メモリ書き込み";
        ProcessPrimaryTokenModified, "Process token changed", "プロセストークン変更";
        ProcessCreatedUsingWmiQuery, "Process created through WMI", "WMI 経由のプロセス作成";
        PTraceDetected, "Process traced", "プロセストレース検出";
        ClrUnbackedModuleLoaded, ".NET module loaded from memory", ".NET モジュールをメモリから読み込み";
    }
    mde "DeviceEvents" Dns {
        DnsQueryRequest, "DNS query sent", "DNS 問い合わせ";
        DnsQueryResponse, "DNS answer received", "DNS 応答";
    }
    mde "DeviceEvents" Network {
        NamedPipeEvent, "Named pipe used", "名前付きパイプ使用";
        NetworkShareObjectAdded, "Network share added", "共有追加";
        NetworkShareObjectDeleted, "Network share deleted", "共有削除";
        NetworkShareObjectModified, "Network share changed", "共有変更";
        NetworkShareObjectAccessChecked, "Network share access checked", "共有アクセス確認";
        RemoteDesktopConnection, "Remote desktop connected", "リモートデスクトップ接続";
        RemoteWmiOperation, "Remote WMI operation", "リモート WMI 操作";
        UntrustedWifiConnection, "Joined untrusted Wi-Fi", "信頼できない Wi-Fi 接続";
        BrowserLaunchedToOpenUrl, "Browser opened a URL", "ブラウザーで URL を開く";
        LdapSearch, "LDAP search", "LDAP 検索";
    }
    mde "DeviceEvents" Files {
        FileTimestampModificationEvent, "File times changed", "ファイル日時変更";
        SensitiveFileRead, "Sensitive file read", "機密ファイル読み取り";
        ShellLinkCreateFileEvent, "Shortcut created", "ショートカット作成";
        RemovableStorageFileEvent, "File used on removable storage", "リムーバブル記憶域のファイル操作";
        PlistPropertyModified, "Property list changed", "plist 変更";
    }
    mde "DeviceEvents" ScheduledTask {
        ScheduledTaskCreated, "Scheduled task created", "スケジュールタスク作成";
        ScheduledTaskDeleted, "Scheduled task deleted", "スケジュールタスク削除";
        ScheduledTaskDisabled, "Scheduled task disabled", "スケジュールタスク無効化";
        ScheduledTaskEnabled, "Scheduled task enabled", "スケジュールタスク有効化";
        ScheduledTaskUpdated, "Scheduled task updated", "スケジュールタスク更新";
    }
    mde "DeviceEvents" UserActivity {
        UserAccountCreated, "User account created", "ユーザーアカウント作成";
        UserAccountDeleted, "User account deleted", "ユーザーアカウント削除";
        UserAccountModified, "User account changed", "ユーザーアカウント変更";
        UserAccountAddedToLocalGroup, "Account added to group", "グループにアカウント追加";
        UserAccountRemovedFromLocalGroup, "Account removed from group", "グループからアカウント削除";
        SecurityGroupCreated, "Security group created", "セキュリティグループ作成";
        SecurityGroupDeleted, "Security group deleted", "セキュリティグループ削除";
        PasswordChangeAttempt, "Password change attempted", "パスワード変更試行";
        AccountCheckedForBlankPassword, "Blank password checked", "空パスワード確認";
        LogonRightsSettingEnabled, "Logon right granted", "ログオン権限付与";
        DirectoryServiceObjectCreated, "Directory object created", "ディレクトリオブジェクト作成";
        DirectoryServiceObjectModified, "Directory object changed", "ディレクトリオブジェクト変更";
        GetAsyncKeyStateApiCall, "Key state polled", "キー入力監視";
        GetClipboardData, "Clipboard used", "クリップボード使用";
        ScreenshotTaken, "Screenshot taken", "スクリーンショット取得";
    }
    mde "DeviceEvents" Firewall {
        FirewallInboundConnectionBlocked, "Inbound connection blocked", "着信接続ブロック";
        FirewallInboundConnectionToAppBlocked, "Inbound connection to app blocked", "アプリへの着信接続ブロック";
        FirewallOutboundConnectionBlocked, "Outbound connection blocked", "発信接続ブロック";
        FirewallServiceStopped, "Firewall stopped", "ファイアウォール停止";
    }
    mde "DeviceEvents" AntiVirus {
        AntivirusDefinitionsUpdated, "Antivirus definitions updated", "定義ファイル更新";
        AntivirusDefinitionsUpdateFailed, "Antivirus definitions update failed", "定義ファイル更新失敗";
        AntivirusDetection, "Malware detected", "マルウェア検出";
        AntivirusEmergencyUpdatesInstalled, "Emergency definitions installed", "緊急定義ファイル適用";
        AntivirusError, "Antivirus error", "ウイルス対策エラー";
        AntivirusMalwareActionFailed, "Malware action failed", "マルウェア処置失敗";
        AntivirusMalwareBlocked, "Malware blocked", "マルウェアブロック";
        AntivirusReport, "Antivirus report", "ウイルス対策レポート";
        AntivirusScanCancelled, "Antivirus scan cancelled", "スキャン中止";
        AntivirusScanCompleted, "Antivirus scan completed", "スキャン完了";
        AntivirusScanFailed, "Antivirus scan failed", "スキャン失敗";
        AntivirusTroubleshootModeEvent, "Antivirus troubleshooting mode", "トラブルシューティングモード";
        SafeDocFileScan, "Document scanned", "文書スキャン";
        TamperingAttempt, "Tampering attempted", "改ざん試行";
        AmsiScriptDetection, "Script detected by AMSI", "AMSI スクリプト検出";
        AmsiScriptContent, "Script content seen by AMSI", "AMSI スクリプト内容";
    }
    mde "DeviceEvents" AlertsRelatedEvents {
        OtherAlertRelatedActivity, "Other alert activity", "アラート関連の活動";
    }
    mde "DeviceEvents" AppControl {
        AppControlAppInstallationAudited, "App installation (audited)", "アプリのインストール（監査）";
        AppControlAppInstallationBlocked, "App installation (blocked)", "アプリのインストール（ブロック）";
        AppControlCIScriptAudited, "Script by code integrity (audited)", "コード整合性スクリプト（監査）";
        AppControlCIScriptBlocked, "Script by code integrity (blocked)", "コード整合性スクリプト（ブロック）";
        AppControlCodeIntegrityOriginAudited, "Code origin (audited)", "コード提供元（監査）";
        AppControlCodeIntegrityOriginBlocked, "Code origin (blocked)", "コード提供元（ブロック）";
        AppControlCodeIntegrityPolicyAudited, "Code integrity policy (audited)", "コード整合性ポリシー（監査）";
        AppControlCodeIntegrityPolicyBlocked, "Code integrity policy (blocked)", "コード整合性ポリシー（ブロック）";
        AppControlExecutableAudited, "Executable (audited)", "実行ファイル（監査）";
        AppControlExecutableBlocked, "Executable (blocked)", "実行ファイル（ブロック）";
        AppControlPackagedAppAudited, "Packaged app (audited)", "パッケージアプリ（監査）";
        AppControlPackagedAppBlocked, "Packaged app (blocked)", "パッケージアプリ（ブロック）";
        AppControlScriptAudited, "Script (audited)", "スクリプト（監査）";
        AppControlScriptBlocked, "Script (blocked)", "スクリプト（ブロック）";
        AppControlCodeIntegrityOriginAllowed, "Code origin allowed", "コード提供元許可";
        AppControlCodeIntegrityPolicyLoaded, "Code integrity policy loaded", "コード整合性ポリシー読み込み";
        AppControlCodeIntegritySigningInformation, "Code signing information", "コード署名情報";
        AppControlCodeIntegrityDriverRevoked, "Revoked driver loaded", "失効ドライバー検出";
        AppControlCodeIntegrityImageAudited, "Unsigned image (audited)", "未署名イメージ（監査）";
        AppControlCodeIntegrityImageRevoked, "Revoked image loaded", "失効イメージ検出";
        AppControlPolicyApplied, "App control policy applied", "アプリ制御ポリシー適用";
        AppLockerBlockExecutable, "AppLocker blocked executable", "AppLocker 実行ファイルブロック";
        AppLockerBlockScript, "AppLocker blocked script", "AppLocker スクリプトブロック";
        AppLockerBlockPackagedApp, "AppLocker blocked packaged app", "AppLocker パッケージアプリブロック";
        AppLockerBlockPackagedAppInstallation, "AppLocker blocked packaged app installation", "AppLocker パッケージアプリのインストールブロック";
    }
    mde "DeviceEvents" AppGuard {
        AppGuardBrowseToUrl, "App Guard opened a URL", "App Guard で URL を開く";
        AppGuardCreateContainer, "App Guard container created", "App Guard コンテナー作成";
        AppGuardLaunchedWithUrl, "App Guard started with a URL", "App Guard を URL で起動";
        AppGuardResumeContainer, "App Guard container resumed", "App Guard コンテナー再開";
        AppGuardStopContainer, "App Guard container stopped", "App Guard コンテナー停止";
        AppGuardSuspendContainer, "App Guard container suspended", "App Guard コンテナー一時停止";
    }
    mde "DeviceEvents" ExploitGuard {
        AsrAdobeReaderChildProcessAudited, "Adobe Reader child process (audited)", "Adobe Reader の子プロセス（監査）";
        AsrAdobeReaderChildProcessBlocked, "Adobe Reader child process (blocked)", "Adobe Reader の子プロセス（ブロック）";
        AsrAdobeReaderChildProcessWarnBypassed, "Adobe Reader child process (warning bypassed)", "Adobe Reader の子プロセス（警告を回避）";
        AsrExecutableEmailContentAudited, "Executable from e-mail (audited)", "メール由来の実行ファイル（監査）";
        AsrExecutableEmailContentBlocked, "Executable from e-mail (blocked)", "メール由来の実行ファイル（ブロック）";
        AsrExecutableEmailContentWarnBypassed, "Executable from e-mail (warning bypassed)", "メール由来の実行ファイル（警告を回避）";
        AsrExecutableOfficeContentAudited, "Executable written by Office (audited)", "Office による実行ファイル作成（監査）";
        AsrExecutableOfficeContentBlocked, "Executable written by Office (blocked)", "Office による実行ファイル作成（ブロック）";
        AsrExecutableOfficeContentWarnBypassed, "Executable written by Office (warning bypassed)", "Office による実行ファイル作成（警告を回避）";
        AsrLsassCredentialTheftAudited, "Credential theft from LSASS (audited)", "LSASS からの資格情報窃取（監査）";
        AsrLsassCredentialTheftBlocked, "Credential theft from LSASS (blocked)", "LSASS からの資格情報窃取（ブロック）";
        AsrLsassCredentialTheftWarnBypassed, "Credential theft from LSASS (warning bypassed)", "LSASS からの資格情報窃取（警告を回避）";
        AsrObfuscatedScriptAudited, "Obfuscated script (audited)", "難読化スクリプト（監査）";
        AsrObfuscatedScriptBlocked, "Obfuscated script (blocked)", "難読化スクリプト（ブロック）";
        AsrObfuscatedScriptWarnBypassed, "Obfuscated script (warning bypassed)", "難読化スクリプト（警告を回避）";
        AsrOfficeChildProcessAudited, "Office child process (audited)", "Office の子プロセス（監査）";
        AsrOfficeChildProcessBlocked, "Office child process (blocked)", "Office の子プロセス（ブロック）";
        AsrOfficeChildProcessWarnBypassed, "Office child process (warning bypassed)", "Office の子プロセス（警告を回避）";
        AsrOfficeCommAppChildProcessAudited, "Outlook child process (audited)", "Outlook の子プロセス（監査）";
        AsrOfficeCommAppChildProcessBlocked, "Outlook child process (blocked)", "Outlook の子プロセス（ブロック）";
        AsrOfficeCommAppChildProcessWarnBypassed, "Outlook child process (warning bypassed)", "Outlook の子プロセス（警告を回避）";
        AsrOfficeMacroWin32ApiCallsAudited, "Win32 call from Office macro (audited)", "Office マクロの Win32 API 呼び出し（監査）";
        AsrOfficeMacroWin32ApiCallsBlocked, "Win32 call from Office macro (blocked)", "Office マクロの Win32 API 呼び出し（ブロック）";
        AsrOfficeMacroWin32ApiCallsWarnBypassed, "Win32 call from Office macro (warning bypassed)", "Office マクロの Win32 API 呼び出し（警告を回避）";
        AsrOfficeProcessInjectionAudited, "Injection by Office (audited)", "Office によるプロセス注入（監査）";
        AsrOfficeProcessInjectionBlocked, "Injection by Office (blocked)", "Office によるプロセス注入（ブロック）";
        AsrOfficeProcessInjectionWarnBypassed, "Injection by Office (warning bypassed)", "Office によるプロセス注入（警告を回避）";
        AsrPersistenceThroughWmiAudited, "Persistence through WMI (audited)", "WMI による永続化（監査）";
        AsrPersistenceThroughWmiBlocked, "Persistence through WMI (blocked)", "WMI による永続化（ブロック）";
        AsrPersistenceThroughWmiWarnBypassed, "Persistence through WMI (warning bypassed)", "WMI による永続化（警告を回避）";
        AsrPsexecWmiChildProcessAudited, "Process by PsExec or WMI (audited)", "PsExec・WMI からのプロセス（監査）";
        AsrPsexecWmiChildProcessBlocked, "Process by PsExec or WMI (blocked)", "PsExec・WMI からのプロセス（ブロック）";
        AsrPsexecWmiChildProcessWarnBypassed, "Process by PsExec or WMI (warning bypassed)", "PsExec・WMI からのプロセス（警告を回避）";
        AsrRansomwareAudited, "Ransomware behaviour (audited)", "ランサムウェアの挙動（監査）";
        AsrRansomwareBlocked, "Ransomware behaviour (blocked)", "ランサムウェアの挙動（ブロック）";
        AsrRansomwareWarnBypassed, "Ransomware behaviour (warning bypassed)", "ランサムウェアの挙動（警告を回避）";
        AsrScriptExecutableDownloadAudited, "Script started a download (audited)", "スクリプトによる実行ファイル取得（監査）";
        AsrScriptExecutableDownloadBlocked, "Script started a download (blocked)", "スクリプトによる実行ファイル取得（ブロック）";
        AsrScriptExecutableDownloadWarnBypassed, "Script started a download (warning bypassed)", "スクリプトによる実行ファイル取得（警告を回避）";
        AsrUntrustedExecutableAudited, "Untrusted executable (audited)", "信頼できない実行ファイル（監査）";
        AsrUntrustedExecutableBlocked, "Untrusted executable (blocked)", "信頼できない実行ファイル（ブロック）";
        AsrUntrustedExecutableWarnBypassed, "Untrusted executable (warning bypassed)", "信頼できない実行ファイル（警告を回避）";
        AsrUntrustedUsbProcessAudited, "Untrusted process from USB (audited)", "USB 上の信頼できないプロセス（監査）";
        AsrUntrustedUsbProcessBlocked, "Untrusted process from USB (blocked)", "USB 上の信頼できないプロセス（ブロック）";
        AsrUntrustedUsbProcessWarnBypassed, "Untrusted process from USB (warning bypassed)", "USB 上の信頼できないプロセス（警告を回避）";
        AsrVulnerableSignedDriverAudited, "Vulnerable signed driver (audited)", "脆弱な署名済みドライバー（監査）";
        AsrVulnerableSignedDriverBlocked, "Vulnerable signed driver (blocked)", "脆弱な署名済みドライバー（ブロック）";
        AsrVulnerableSignedDriverWarnBypassed, "Vulnerable signed driver (warning bypassed)", "脆弱な署名済みドライバー（警告を回避）";
        AsrAbusedSystemToolAudited, "Abused system tool (audited)", "システムツールの悪用（監査）";
        AsrAbusedSystemToolBlocked, "Abused system tool (blocked)", "システムツールの悪用（ブロック）";
        AsrAbusedSystemToolWarnBypassed, "Abused system tool (warning bypassed)", "システムツールの悪用（警告を回避）";
        AsrSafeModeRebootedAudited, "Reboot into safe mode (audited)", "セーフモード再起動（監査）";
        AsrSafeModeRebootBlocked, "Reboot into safe mode (blocked)", "セーフモード再起動（ブロック）";
        AsrSafeModeRebootWarnBypassed, "Reboot into safe mode (warning bypassed)", "セーフモード再起動（警告を回避）";
        AsrWebShellOnServerAudited, "Web shell on server (audited)", "サーバー上の Web シェル（監査）";
        ExploitGuardAcgAudited, "Arbitrary code (audited)", "任意コード（監査）";
        ExploitGuardAcgEnforced, "Arbitrary code (enforced)", "任意コード（適用）";
        ExploitGuardChildProcessAudited, "Child process (audited)", "子プロセス（監査）";
        ExploitGuardChildProcessBlocked, "Child process (blocked)", "子プロセス（ブロック）";
        ExploitGuardEafViolationAudited, "Export address filtering violated (audited)", "エクスポートアドレスフィルター違反（監査）";
        ExploitGuardEafViolationBlocked, "Export address filtering violated (blocked)", "エクスポートアドレスフィルター違反（ブロック）";
        ExploitGuardIafViolationAudited, "Import address filtering violated (audited)", "インポートアドレスフィルター違反（監査）";
        ExploitGuardIafViolationBlocked, "Import address filtering violated (blocked)", "インポートアドレスフィルター違反（ブロック）";
        ExploitGuardLowIntegrityImageAudited, "Low integrity image (audited)", "低整合性イメージ（監査）";
        ExploitGuardLowIntegrityImageBlocked, "Low integrity image (blocked)", "低整合性イメージ（ブロック）";
        ExploitGuardNetworkProtectionAudited, "Network protection (audited)", "ネットワーク保護（監査）";
        ExploitGuardNetworkProtectionBlocked, "Network protection (blocked)", "ネットワーク保護（ブロック）";
        ExploitGuardNonMicrosoftSignedAudited, "Image not signed by Microsoft (audited)", "Microsoft 署名以外のイメージ（監査）";
        ExploitGuardNonMicrosoftSignedBlocked, "Image not signed by Microsoft (blocked)", "Microsoft 署名以外のイメージ（ブロック）";
        ExploitGuardRopExploitAudited, "Return-oriented exploit (audited)", "ROP エクスプロイト（監査）";
        ExploitGuardRopExploitBlocked, "Return-oriented exploit (blocked)", "ROP エクスプロイト（ブロック）";
        ExploitGuardSharedBinaryAudited, "Binary from a share (audited)", "共有上のバイナリ（監査）";
        ExploitGuardSharedBinaryBlocked, "Binary from a share (blocked)", "共有上のバイナリ（ブロック）";
        ExploitGuardWin32SystemCallAudited, "Win32k system call (audited)", "Win32k システムコール（監査）";
        ExploitGuardWin32SystemCallBlocked, "Win32k system call (blocked)", "Win32k システムコール（ブロック）";
        ControlFlowGuardViolation, "Control flow guard violated", "制御フローガード違反";
        ControlledFolderAccessViolationAudited, "Protected folder access (audited)", "保護フォルダーアクセス（監査）";
        ControlledFolderAccessViolationBlocked, "Protected folder access (blocked)", "保護フォルダーアクセス（ブロック）";
        NetworkProtectionUserBypassEvent, "Network protection bypassed by user", "ネットワーク保護をユーザーが回避";
    }
    mde "DeviceEvents" SmartScreen {
        SmartScreenAppWarning, "SmartScreen warned of an app", "SmartScreen アプリ警告";
        SmartScreenExploitWarning, "SmartScreen warned of an exploit", "SmartScreen エクスプロイト警告";
        SmartScreenUrlWarning, "SmartScreen warned of a URL", "SmartScreen URL 警告";
        SmartScreenUserOverride, "SmartScreen warning overridden", "SmartScreen 警告を無視";
    }
    mde "DeviceEvents" Other {
        PowerShellCommand, "PowerShell command", "PowerShell コマンド";
        ScriptContent, "Script content", "スクリプト内容";
        ScriptContentScan, "Script content scanned", "スクリプト内容スキャン";
        ServiceInstalled, "Service installed", "サービス登録";
        WmiBindEventFilterToConsumer, "WMI subscription bound", "WMI サブスクリプション登録";
        AuditPolicyModification, "Audit policy changed", "監査ポリシー変更";
        SecurityLogCleared, "Security log cleared", "セキュリティログ消去";
        DpapiAccessed, "Data protection keys used", "DPAPI アクセス";
        CredentialsBackup, "Credentials backed up", "資格情報バックアップ";
        PnpDeviceAllowed, "Device allowed", "機器の使用許可";
        PnpDeviceBlocked, "Device blocked", "機器の使用ブロック";
        PnpDeviceConnected, "Device connected", "機器接続";
        UsbDriveDriveLetterChanged, "USB drive letter changed", "USB ドライブ文字変更";
        UsbDriveMount, "USB drive mounted", "USB ドライブのマウント";
        UsbDriveMounted, "USB drive mounted", "USB ドライブのマウント";
        UsbDriveUnmount, "USB drive unmounted", "USB ドライブの取り外し";
        UsbDriveUnmounted, "USB drive unmounted", "USB ドライブの取り外し";
        RemovableStoragePolicyTriggered, "Removable storage policy applied", "リムーバブル記憶域ポリシー適用";
        BluetoothPolicyTriggered, "Bluetooth policy applied", "Bluetooth ポリシー適用";
        PrintJobBlocked, "Print job blocked", "印刷ブロック";
        DlpPocPrintJob, "Print job checked", "印刷確認";
        BitLockerAuditCompleted, "BitLocker audit completed", "BitLocker 監査完了";
        DriverLoad, "Driver loaded", "ドライバー読み込み";
        DeviceBootAttestationInfo, "Boot attested", "起動構成証明";
    }
    ours "DeviceEvents" Other {
        ShellCommand, "Shell command typed", "シェルコマンド入力";
        PowerShellError, "PowerShell error", "PowerShell エラー";
        PowerShellEngineStarted, "PowerShell engine started", "PowerShell エンジン開始";
        PowerShellEngineStopped, "PowerShell engine stopped", "PowerShell エンジン終了";
        ScriptStarted, "Script started", "スクリプト開始";
        ScriptStopped, "Script ended", "スクリプト終了";
        RawDiskRead, "Disk read directly", "ディスク直接読み取り";
        WmiFilterCreated, "WMI filter created", "WMI フィルター作成";
        WmiConsumerCreated, "WMI consumer created", "WMI コンシューマー作成";
        WmiError, "WMI error", "WMI エラー";
        WmiTemporarySubscription, "WMI temporary subscription", "WMI 一時サブスクリプション";
        ServiceStateChanged, "Service state changed", "サービス状態変更";
        ServiceStartTypeChanged, "Service start type changed", "サービス開始種別変更";
        ServiceCrashed, "Service crashed", "サービス異常終了";
        EventLogCleared, "Event log cleared", "イベントログ消去";
        DirectoryServiceAccess, "Directory object accessed", "ディレクトリオブジェクトアクセス";
        BitsJobCreated, "BITS job created", "BITS ジョブ作成";
        BitsJobStarted, "BITS transfer started", "BITS 転送開始";
        BitsJobStopped, "BITS transfer stopped", "BITS 転送終了";
        WindowsEvent, "Windows event", "Windows イベント";
        LogRecord, "Log record", "ログレコード";
    }
    ours "DeviceEvents" Processes {
        ProcessImageTampered, "Process image tampered with", "プロセスイメージ改ざん";
    }
    ours "DeviceEvents" Files {
        FileBlocked, "File creation blocked", "ファイル作成ブロック";
        FileShreddingBlocked, "File shredding blocked", "ファイル完全消去ブロック";
    }
    ours "DeviceEvents" AntiVirus {
        AntivirusConfigChanged, "Antivirus settings changed", "ウイルス対策設定変更";
    }
    ours "DeviceEvents" Firewall {
        FirewallRuleAdded, "Firewall rule added", "ファイアウォール規則追加";
        FirewallRuleModified, "Firewall rule changed", "ファイアウォール規則変更";
        FirewallRuleDeleted, "Firewall rule deleted", "ファイアウォール規則削除";
    }
    ours "DeviceEvents" Sensor {
        SensorStarted, "Sensor started", "センサー開始";
        SensorStopped, "Sensor stopped", "センサー停止";
        SensorStateChanged, "Sensor state changed", "センサー状態変更";
        SensorConfigChanged, "Sensor settings changed", "センサー設定変更";
        SensorError, "Sensor error", "センサーエラー";
        SensorTampered, "Sensor tampered with", "センサー改ざん";
        EventsLost, "Events lost", "イベント欠落";
    }
}
