// Generated from crates/schema by `cargo xtask codegen`. Do not edit.

export type EventGroup =
  | "Processes"
  | "Files"
  | "Network"
  | "Dns"
  | "Registry"
  | "UserActivity"
  | "ScheduledTask"
  | "Firewall"
  | "AntiVirus"
  | "AppControl"
  | "AppGuard"
  | "ExploitGuard"
  | "SmartScreen"
  | "AlertsRelatedEvents"
  | "ResponseActions"
  | "Sensor"
  | "Other";

/** Labels of the event groups, in the order of the filter. */
export const GROUPS: Record<EventGroup, { en: string; ja: string }> = {
  Processes: { en: "Processes", ja: "プロセス" },
  Files: { en: "Files", ja: "ファイル" },
  Network: { en: "Network", ja: "ネットワーク" },
  Dns: { en: "DNS", ja: "DNS" },
  Registry: { en: "Registry", ja: "レジストリ" },
  UserActivity: { en: "User activity", ja: "ユーザー操作" },
  ScheduledTask: { en: "Scheduled tasks", ja: "スケジュールタスク" },
  Firewall: { en: "Firewall", ja: "ファイアウォール" },
  AntiVirus: { en: "Antivirus", ja: "ウイルス対策" },
  AppControl: { en: "App control", ja: "アプリ制御" },
  AppGuard: { en: "App Guard", ja: "アプリ分離" },
  ExploitGuard: { en: "Exploit protection", ja: "エクスプロイト防止" },
  SmartScreen: { en: "SmartScreen", ja: "SmartScreen" },
  AlertsRelatedEvents: { en: "Alerts", ja: "アラート関連" },
  ResponseActions: { en: "Response actions", ja: "対応操作" },
  Sensor: { en: "Sensor", ja: "センサー" },
  Other: { en: "Other", ja: "その他" },
};

/** Words for every ActionType. */
export const ACTIONS: Record<string, { group: EventGroup; en: string; ja: string }> = {
  AccountCheckedForBlankPassword: { group: "UserActivity", en: "Blank password checked", ja: "空パスワード確認" },
  AmsiScriptContent: { group: "AntiVirus", en: "Script content seen by AMSI", ja: "AMSI スクリプト内容" },
  AmsiScriptDetection: { group: "AntiVirus", en: "Script detected by AMSI", ja: "AMSI スクリプト検出" },
  AntivirusConfigChanged: { group: "AntiVirus", en: "Antivirus settings changed", ja: "ウイルス対策設定変更" },
  AntivirusDefinitionsUpdateFailed: { group: "AntiVirus", en: "Antivirus definitions update failed", ja: "定義ファイル更新失敗" },
  AntivirusDefinitionsUpdated: { group: "AntiVirus", en: "Antivirus definitions updated", ja: "定義ファイル更新" },
  AntivirusDetection: { group: "AntiVirus", en: "Malware detected", ja: "マルウェア検出" },
  AntivirusEmergencyUpdatesInstalled: { group: "AntiVirus", en: "Emergency definitions installed", ja: "緊急定義ファイル適用" },
  AntivirusError: { group: "AntiVirus", en: "Antivirus error", ja: "ウイルス対策エラー" },
  AntivirusMalwareActionFailed: { group: "AntiVirus", en: "Malware action failed", ja: "マルウェア処置失敗" },
  AntivirusMalwareBlocked: { group: "AntiVirus", en: "Malware blocked", ja: "マルウェアブロック" },
  AntivirusReport: { group: "AntiVirus", en: "Antivirus report", ja: "ウイルス対策レポート" },
  AntivirusScanCancelled: { group: "AntiVirus", en: "Antivirus scan cancelled", ja: "スキャン中止" },
  AntivirusScanCompleted: { group: "AntiVirus", en: "Antivirus scan completed", ja: "スキャン完了" },
  AntivirusScanFailed: { group: "AntiVirus", en: "Antivirus scan failed", ja: "スキャン失敗" },
  AntivirusTroubleshootModeEvent: { group: "AntiVirus", en: "Antivirus troubleshooting mode", ja: "トラブルシューティングモード" },
  AppControlAppInstallationAudited: { group: "AppControl", en: "App installation (audited)", ja: "アプリのインストール（監査）" },
  AppControlAppInstallationBlocked: { group: "AppControl", en: "App installation (blocked)", ja: "アプリのインストール（ブロック）" },
  AppControlCIScriptAudited: { group: "AppControl", en: "Script by code integrity (audited)", ja: "コード整合性スクリプト（監査）" },
  AppControlCIScriptBlocked: { group: "AppControl", en: "Script by code integrity (blocked)", ja: "コード整合性スクリプト（ブロック）" },
  AppControlCodeIntegrityDriverRevoked: { group: "AppControl", en: "Revoked driver loaded", ja: "失効ドライバー検出" },
  AppControlCodeIntegrityImageAudited: { group: "AppControl", en: "Unsigned image (audited)", ja: "未署名イメージ（監査）" },
  AppControlCodeIntegrityImageRevoked: { group: "AppControl", en: "Revoked image loaded", ja: "失効イメージ検出" },
  AppControlCodeIntegrityOriginAllowed: { group: "AppControl", en: "Code origin allowed", ja: "コード提供元許可" },
  AppControlCodeIntegrityOriginAudited: { group: "AppControl", en: "Code origin (audited)", ja: "コード提供元（監査）" },
  AppControlCodeIntegrityOriginBlocked: { group: "AppControl", en: "Code origin (blocked)", ja: "コード提供元（ブロック）" },
  AppControlCodeIntegrityPolicyAudited: { group: "AppControl", en: "Code integrity policy (audited)", ja: "コード整合性ポリシー（監査）" },
  AppControlCodeIntegrityPolicyBlocked: { group: "AppControl", en: "Code integrity policy (blocked)", ja: "コード整合性ポリシー（ブロック）" },
  AppControlCodeIntegrityPolicyLoaded: { group: "AppControl", en: "Code integrity policy loaded", ja: "コード整合性ポリシー読み込み" },
  AppControlCodeIntegritySigningInformation: { group: "AppControl", en: "Code signing information", ja: "コード署名情報" },
  AppControlExecutableAudited: { group: "AppControl", en: "Executable (audited)", ja: "実行ファイル（監査）" },
  AppControlExecutableBlocked: { group: "AppControl", en: "Executable (blocked)", ja: "実行ファイル（ブロック）" },
  AppControlPackagedAppAudited: { group: "AppControl", en: "Packaged app (audited)", ja: "パッケージアプリ（監査）" },
  AppControlPackagedAppBlocked: { group: "AppControl", en: "Packaged app (blocked)", ja: "パッケージアプリ（ブロック）" },
  AppControlPolicyApplied: { group: "AppControl", en: "App control policy applied", ja: "アプリ制御ポリシー適用" },
  AppControlScriptAudited: { group: "AppControl", en: "Script (audited)", ja: "スクリプト（監査）" },
  AppControlScriptBlocked: { group: "AppControl", en: "Script (blocked)", ja: "スクリプト（ブロック）" },
  AppGuardBrowseToUrl: { group: "AppGuard", en: "App Guard opened a URL", ja: "App Guard で URL を開く" },
  AppGuardCreateContainer: { group: "AppGuard", en: "App Guard container created", ja: "App Guard コンテナー作成" },
  AppGuardLaunchedWithUrl: { group: "AppGuard", en: "App Guard started with a URL", ja: "App Guard を URL で起動" },
  AppGuardResumeContainer: { group: "AppGuard", en: "App Guard container resumed", ja: "App Guard コンテナー再開" },
  AppGuardStopContainer: { group: "AppGuard", en: "App Guard container stopped", ja: "App Guard コンテナー停止" },
  AppGuardSuspendContainer: { group: "AppGuard", en: "App Guard container suspended", ja: "App Guard コンテナー一時停止" },
  AppLockerBlockExecutable: { group: "AppControl", en: "AppLocker blocked executable", ja: "AppLocker 実行ファイルブロック" },
  AppLockerBlockPackagedApp: { group: "AppControl", en: "AppLocker blocked packaged app", ja: "AppLocker パッケージアプリブロック" },
  AppLockerBlockPackagedAppInstallation: { group: "AppControl", en: "AppLocker blocked packaged app installation", ja: "AppLocker パッケージアプリのインストールブロック" },
  AppLockerBlockScript: { group: "AppControl", en: "AppLocker blocked script", ja: "AppLocker スクリプトブロック" },
  AsrAbusedSystemToolAudited: { group: "ExploitGuard", en: "Abused system tool (audited)", ja: "システムツールの悪用（監査）" },
  AsrAbusedSystemToolBlocked: { group: "ExploitGuard", en: "Abused system tool (blocked)", ja: "システムツールの悪用（ブロック）" },
  AsrAbusedSystemToolWarnBypassed: { group: "ExploitGuard", en: "Abused system tool (warning bypassed)", ja: "システムツールの悪用（警告を回避）" },
  AsrAdobeReaderChildProcessAudited: { group: "ExploitGuard", en: "Adobe Reader child process (audited)", ja: "Adobe Reader の子プロセス（監査）" },
  AsrAdobeReaderChildProcessBlocked: { group: "ExploitGuard", en: "Adobe Reader child process (blocked)", ja: "Adobe Reader の子プロセス（ブロック）" },
  AsrAdobeReaderChildProcessWarnBypassed: { group: "ExploitGuard", en: "Adobe Reader child process (warning bypassed)", ja: "Adobe Reader の子プロセス（警告を回避）" },
  AsrExecutableEmailContentAudited: { group: "ExploitGuard", en: "Executable from e-mail (audited)", ja: "メール由来の実行ファイル（監査）" },
  AsrExecutableEmailContentBlocked: { group: "ExploitGuard", en: "Executable from e-mail (blocked)", ja: "メール由来の実行ファイル（ブロック）" },
  AsrExecutableEmailContentWarnBypassed: { group: "ExploitGuard", en: "Executable from e-mail (warning bypassed)", ja: "メール由来の実行ファイル（警告を回避）" },
  AsrExecutableOfficeContentAudited: { group: "ExploitGuard", en: "Executable written by Office (audited)", ja: "Office による実行ファイル作成（監査）" },
  AsrExecutableOfficeContentBlocked: { group: "ExploitGuard", en: "Executable written by Office (blocked)", ja: "Office による実行ファイル作成（ブロック）" },
  AsrExecutableOfficeContentWarnBypassed: { group: "ExploitGuard", en: "Executable written by Office (warning bypassed)", ja: "Office による実行ファイル作成（警告を回避）" },
  AsrLsassCredentialTheftAudited: { group: "ExploitGuard", en: "Credential theft from LSASS (audited)", ja: "LSASS からの資格情報窃取（監査）" },
  AsrLsassCredentialTheftBlocked: { group: "ExploitGuard", en: "Credential theft from LSASS (blocked)", ja: "LSASS からの資格情報窃取（ブロック）" },
  AsrLsassCredentialTheftWarnBypassed: { group: "ExploitGuard", en: "Credential theft from LSASS (warning bypassed)", ja: "LSASS からの資格情報窃取（警告を回避）" },
  AsrObfuscatedScriptAudited: { group: "ExploitGuard", en: "Obfuscated script (audited)", ja: "難読化スクリプト（監査）" },
  AsrObfuscatedScriptBlocked: { group: "ExploitGuard", en: "Obfuscated script (blocked)", ja: "難読化スクリプト（ブロック）" },
  AsrObfuscatedScriptWarnBypassed: { group: "ExploitGuard", en: "Obfuscated script (warning bypassed)", ja: "難読化スクリプト（警告を回避）" },
  AsrOfficeChildProcessAudited: { group: "ExploitGuard", en: "Office child process (audited)", ja: "Office の子プロセス（監査）" },
  AsrOfficeChildProcessBlocked: { group: "ExploitGuard", en: "Office child process (blocked)", ja: "Office の子プロセス（ブロック）" },
  AsrOfficeChildProcessWarnBypassed: { group: "ExploitGuard", en: "Office child process (warning bypassed)", ja: "Office の子プロセス（警告を回避）" },
  AsrOfficeCommAppChildProcessAudited: { group: "ExploitGuard", en: "Outlook child process (audited)", ja: "Outlook の子プロセス（監査）" },
  AsrOfficeCommAppChildProcessBlocked: { group: "ExploitGuard", en: "Outlook child process (blocked)", ja: "Outlook の子プロセス（ブロック）" },
  AsrOfficeCommAppChildProcessWarnBypassed: { group: "ExploitGuard", en: "Outlook child process (warning bypassed)", ja: "Outlook の子プロセス（警告を回避）" },
  AsrOfficeMacroWin32ApiCallsAudited: { group: "ExploitGuard", en: "Win32 call from Office macro (audited)", ja: "Office マクロの Win32 API 呼び出し（監査）" },
  AsrOfficeMacroWin32ApiCallsBlocked: { group: "ExploitGuard", en: "Win32 call from Office macro (blocked)", ja: "Office マクロの Win32 API 呼び出し（ブロック）" },
  AsrOfficeMacroWin32ApiCallsWarnBypassed: { group: "ExploitGuard", en: "Win32 call from Office macro (warning bypassed)", ja: "Office マクロの Win32 API 呼び出し（警告を回避）" },
  AsrOfficeProcessInjectionAudited: { group: "ExploitGuard", en: "Injection by Office (audited)", ja: "Office によるプロセス注入（監査）" },
  AsrOfficeProcessInjectionBlocked: { group: "ExploitGuard", en: "Injection by Office (blocked)", ja: "Office によるプロセス注入（ブロック）" },
  AsrOfficeProcessInjectionWarnBypassed: { group: "ExploitGuard", en: "Injection by Office (warning bypassed)", ja: "Office によるプロセス注入（警告を回避）" },
  AsrPersistenceThroughWmiAudited: { group: "ExploitGuard", en: "Persistence through WMI (audited)", ja: "WMI による永続化（監査）" },
  AsrPersistenceThroughWmiBlocked: { group: "ExploitGuard", en: "Persistence through WMI (blocked)", ja: "WMI による永続化（ブロック）" },
  AsrPersistenceThroughWmiWarnBypassed: { group: "ExploitGuard", en: "Persistence through WMI (warning bypassed)", ja: "WMI による永続化（警告を回避）" },
  AsrPsexecWmiChildProcessAudited: { group: "ExploitGuard", en: "Process by PsExec or WMI (audited)", ja: "PsExec・WMI からのプロセス（監査）" },
  AsrPsexecWmiChildProcessBlocked: { group: "ExploitGuard", en: "Process by PsExec or WMI (blocked)", ja: "PsExec・WMI からのプロセス（ブロック）" },
  AsrPsexecWmiChildProcessWarnBypassed: { group: "ExploitGuard", en: "Process by PsExec or WMI (warning bypassed)", ja: "PsExec・WMI からのプロセス（警告を回避）" },
  AsrRansomwareAudited: { group: "ExploitGuard", en: "Ransomware behaviour (audited)", ja: "ランサムウェアの挙動（監査）" },
  AsrRansomwareBlocked: { group: "ExploitGuard", en: "Ransomware behaviour (blocked)", ja: "ランサムウェアの挙動（ブロック）" },
  AsrRansomwareWarnBypassed: { group: "ExploitGuard", en: "Ransomware behaviour (warning bypassed)", ja: "ランサムウェアの挙動（警告を回避）" },
  AsrSafeModeRebootBlocked: { group: "ExploitGuard", en: "Reboot into safe mode (blocked)", ja: "セーフモード再起動（ブロック）" },
  AsrSafeModeRebootWarnBypassed: { group: "ExploitGuard", en: "Reboot into safe mode (warning bypassed)", ja: "セーフモード再起動（警告を回避）" },
  AsrSafeModeRebootedAudited: { group: "ExploitGuard", en: "Reboot into safe mode (audited)", ja: "セーフモード再起動（監査）" },
  AsrScriptExecutableDownloadAudited: { group: "ExploitGuard", en: "Script started a download (audited)", ja: "スクリプトによる実行ファイル取得（監査）" },
  AsrScriptExecutableDownloadBlocked: { group: "ExploitGuard", en: "Script started a download (blocked)", ja: "スクリプトによる実行ファイル取得（ブロック）" },
  AsrScriptExecutableDownloadWarnBypassed: { group: "ExploitGuard", en: "Script started a download (warning bypassed)", ja: "スクリプトによる実行ファイル取得（警告を回避）" },
  AsrUntrustedExecutableAudited: { group: "ExploitGuard", en: "Untrusted executable (audited)", ja: "信頼できない実行ファイル（監査）" },
  AsrUntrustedExecutableBlocked: { group: "ExploitGuard", en: "Untrusted executable (blocked)", ja: "信頼できない実行ファイル（ブロック）" },
  AsrUntrustedExecutableWarnBypassed: { group: "ExploitGuard", en: "Untrusted executable (warning bypassed)", ja: "信頼できない実行ファイル（警告を回避）" },
  AsrUntrustedUsbProcessAudited: { group: "ExploitGuard", en: "Untrusted process from USB (audited)", ja: "USB 上の信頼できないプロセス（監査）" },
  AsrUntrustedUsbProcessBlocked: { group: "ExploitGuard", en: "Untrusted process from USB (blocked)", ja: "USB 上の信頼できないプロセス（ブロック）" },
  AsrUntrustedUsbProcessWarnBypassed: { group: "ExploitGuard", en: "Untrusted process from USB (warning bypassed)", ja: "USB 上の信頼できないプロセス（警告を回避）" },
  AsrVulnerableSignedDriverAudited: { group: "ExploitGuard", en: "Vulnerable signed driver (audited)", ja: "脆弱な署名済みドライバー（監査）" },
  AsrVulnerableSignedDriverBlocked: { group: "ExploitGuard", en: "Vulnerable signed driver (blocked)", ja: "脆弱な署名済みドライバー（ブロック）" },
  AsrVulnerableSignedDriverWarnBypassed: { group: "ExploitGuard", en: "Vulnerable signed driver (warning bypassed)", ja: "脆弱な署名済みドライバー（警告を回避）" },
  AsrWebShellOnServerAudited: { group: "ExploitGuard", en: "Web shell on server (audited)", ja: "サーバー上の Web シェル（監査）" },
  AuditPolicyModification: { group: "Other", en: "Audit policy changed", ja: "監査ポリシー変更" },
  BitLockerAuditCompleted: { group: "Other", en: "BitLocker audit completed", ja: "BitLocker 監査完了" },
  BitsJobCreated: { group: "Other", en: "BITS job created", ja: "BITS ジョブ作成" },
  BitsJobStarted: { group: "Other", en: "BITS transfer started", ja: "BITS 転送開始" },
  BitsJobStopped: { group: "Other", en: "BITS transfer stopped", ja: "BITS 転送終了" },
  BluetoothPolicyTriggered: { group: "Other", en: "Bluetooth policy applied", ja: "Bluetooth ポリシー適用" },
  BrowserLaunchedToOpenUrl: { group: "Network", en: "Browser opened a URL", ja: "ブラウザーで URL を開く" },
  ClrUnbackedModuleLoaded: { group: "Processes", en: ".NET module loaded from memory", ja: ".NET モジュールをメモリから読み込み" },
  ConnectionAcknowledged: { group: "Network", en: "Connection acknowledged", ja: "接続応答" },
  ConnectionAttempt: { group: "Network", en: "Connection attempted", ja: "接続試行" },
  ConnectionFailed: { group: "Network", en: "Connection failed", ja: "接続失敗" },
  ConnectionFailedAggregatedReport: { group: "Network", en: "Connection failed (summary)", ja: "接続失敗（集約）" },
  ConnectionFound: { group: "Network", en: "Connection found open", ja: "既存接続検出" },
  ConnectionRequest: { group: "Network", en: "Connection requested", ja: "接続要求" },
  ConnectionSuccess: { group: "Network", en: "Connected", ja: "接続成功" },
  ConnectionSuccessAggregatedReport: { group: "Network", en: "Connected (summary)", ja: "接続成功（集約）" },
  ControlFlowGuardViolation: { group: "ExploitGuard", en: "Control flow guard violated", ja: "制御フローガード違反" },
  ControlledFolderAccessViolationAudited: { group: "ExploitGuard", en: "Protected folder access (audited)", ja: "保護フォルダーアクセス（監査）" },
  ControlledFolderAccessViolationBlocked: { group: "ExploitGuard", en: "Protected folder access (blocked)", ja: "保護フォルダーアクセス（ブロック）" },
  CreateRemoteThreadApiCall: { group: "Processes", en: "Thread created in another process", ja: "他プロセスにスレッド作成" },
  CredentialsBackup: { group: "Other", en: "Credentials backed up", ja: "資格情報バックアップ" },
  DeviceBootAttestationInfo: { group: "Other", en: "Boot attested", ja: "起動構成証明" },
  DirectoryServiceAccess: { group: "Other", en: "Directory object accessed", ja: "ディレクトリオブジェクトアクセス" },
  DirectoryServiceObjectCreated: { group: "UserActivity", en: "Directory object created", ja: "ディレクトリオブジェクト作成" },
  DirectoryServiceObjectModified: { group: "UserActivity", en: "Directory object changed", ja: "ディレクトリオブジェクト変更" },
  DlpPocPrintJob: { group: "Other", en: "Print job checked", ja: "印刷確認" },
  DnsConnectionInspected: { group: "Dns", en: "DNS traffic inspected", ja: "DNS 通信検査" },
  DnsQueryRequest: { group: "Dns", en: "DNS query sent", ja: "DNS 問い合わせ" },
  DnsQueryResponse: { group: "Dns", en: "DNS answer received", ja: "DNS 応答" },
  DpapiAccessed: { group: "Other", en: "Data protection keys used", ja: "DPAPI アクセス" },
  DriverLoad: { group: "Other", en: "Driver loaded", ja: "ドライバー読み込み" },
  EventLogCleared: { group: "Other", en: "Event log cleared", ja: "イベントログ消去" },
  EventsLost: { group: "Sensor", en: "Events lost", ja: "イベント欠落" },
  ExecFailed: { group: "Processes", en: "Program start failed", ja: "プログラム起動失敗" },
  ExploitGuardAcgAudited: { group: "ExploitGuard", en: "Arbitrary code (audited)", ja: "任意コード（監査）" },
  ExploitGuardAcgEnforced: { group: "ExploitGuard", en: "Arbitrary code (enforced)", ja: "任意コード（適用）" },
  ExploitGuardChildProcessAudited: { group: "ExploitGuard", en: "Child process (audited)", ja: "子プロセス（監査）" },
  ExploitGuardChildProcessBlocked: { group: "ExploitGuard", en: "Child process (blocked)", ja: "子プロセス（ブロック）" },
  ExploitGuardEafViolationAudited: { group: "ExploitGuard", en: "Export address filtering violated (audited)", ja: "エクスポートアドレスフィルター違反（監査）" },
  ExploitGuardEafViolationBlocked: { group: "ExploitGuard", en: "Export address filtering violated (blocked)", ja: "エクスポートアドレスフィルター違反（ブロック）" },
  ExploitGuardIafViolationAudited: { group: "ExploitGuard", en: "Import address filtering violated (audited)", ja: "インポートアドレスフィルター違反（監査）" },
  ExploitGuardIafViolationBlocked: { group: "ExploitGuard", en: "Import address filtering violated (blocked)", ja: "インポートアドレスフィルター違反（ブロック）" },
  ExploitGuardLowIntegrityImageAudited: { group: "ExploitGuard", en: "Low integrity image (audited)", ja: "低整合性イメージ（監査）" },
  ExploitGuardLowIntegrityImageBlocked: { group: "ExploitGuard", en: "Low integrity image (blocked)", ja: "低整合性イメージ（ブロック）" },
  ExploitGuardNetworkProtectionAudited: { group: "ExploitGuard", en: "Network protection (audited)", ja: "ネットワーク保護（監査）" },
  ExploitGuardNetworkProtectionBlocked: { group: "ExploitGuard", en: "Network protection (blocked)", ja: "ネットワーク保護（ブロック）" },
  ExploitGuardNonMicrosoftSignedAudited: { group: "ExploitGuard", en: "Image not signed by Microsoft (audited)", ja: "Microsoft 署名以外のイメージ（監査）" },
  ExploitGuardNonMicrosoftSignedBlocked: { group: "ExploitGuard", en: "Image not signed by Microsoft (blocked)", ja: "Microsoft 署名以外のイメージ（ブロック）" },
  ExploitGuardRopExploitAudited: { group: "ExploitGuard", en: "Return-oriented exploit (audited)", ja: "ROP エクスプロイト（監査）" },
  ExploitGuardRopExploitBlocked: { group: "ExploitGuard", en: "Return-oriented exploit (blocked)", ja: "ROP エクスプロイト（ブロック）" },
  ExploitGuardSharedBinaryAudited: { group: "ExploitGuard", en: "Binary from a share (audited)", ja: "共有上のバイナリ（監査）" },
  ExploitGuardSharedBinaryBlocked: { group: "ExploitGuard", en: "Binary from a share (blocked)", ja: "共有上のバイナリ（ブロック）" },
  ExploitGuardWin32SystemCallAudited: { group: "ExploitGuard", en: "Win32k system call (audited)", ja: "Win32k システムコール（監査）" },
  ExploitGuardWin32SystemCallBlocked: { group: "ExploitGuard", en: "Win32k system call (blocked)", ja: "Win32k システムコール（ブロック）" },
  FileBlocked: { group: "Files", en: "File creation blocked", ja: "ファイル作成ブロック" },
  FileCreated: { group: "Files", en: "File created", ja: "ファイル作成" },
  FileCreatedAggregatedReport: { group: "Files", en: "File created (summary)", ja: "ファイル作成（集約）" },
  FileDeleted: { group: "Files", en: "File deleted", ja: "ファイル削除" },
  FileModified: { group: "Files", en: "File modified", ja: "ファイル変更" },
  FileModifiedAggregatedReport: { group: "Files", en: "File modified (summary)", ja: "ファイル変更（集約）" },
  FileOpenFailed: { group: "Files", en: "File open failed", ja: "ファイルを開けず" },
  FileRenamed: { group: "Files", en: "File renamed", ja: "ファイル名変更" },
  FileRenamedAggregatedReport: { group: "Files", en: "File renamed (summary)", ja: "ファイル名変更（集約）" },
  FileShreddingBlocked: { group: "Files", en: "File shredding blocked", ja: "ファイル完全消去ブロック" },
  FileTimestampModificationEvent: { group: "Files", en: "File times changed", ja: "ファイル日時変更" },
  FirewallInboundConnectionBlocked: { group: "Firewall", en: "Inbound connection blocked", ja: "着信接続ブロック" },
  FirewallInboundConnectionToAppBlocked: { group: "Firewall", en: "Inbound connection to app blocked", ja: "アプリへの着信接続ブロック" },
  FirewallOutboundConnectionBlocked: { group: "Firewall", en: "Outbound connection blocked", ja: "発信接続ブロック" },
  FirewallRuleAdded: { group: "Firewall", en: "Firewall rule added", ja: "ファイアウォール規則追加" },
  FirewallRuleDeleted: { group: "Firewall", en: "Firewall rule deleted", ja: "ファイアウォール規則削除" },
  FirewallRuleModified: { group: "Firewall", en: "Firewall rule changed", ja: "ファイアウォール規則変更" },
  FirewallServiceStopped: { group: "Firewall", en: "Firewall stopped", ja: "ファイアウォール停止" },
  FtpConnectionInspected: { group: "Network", en: "FTP connection inspected", ja: "FTP 通信検査" },
  GetAsyncKeyStateApiCall: { group: "UserActivity", en: "Key state polled", ja: "キー入力監視" },
  GetClipboardData: { group: "UserActivity", en: "Clipboard used", ja: "クリップボード使用" },
  HttpConnectionInspected: { group: "Network", en: "HTTP connection inspected", ja: "HTTP 通信検査" },
  IcmpConnectionInspected: { group: "Network", en: "ICMP traffic inspected", ja: "ICMP 通信検査" },
  ImageLoaded: { group: "Processes", en: "Library loaded", ja: "ライブラリ読み込み" },
  InboundConnectionAccepted: { group: "Network", en: "Inbound connection accepted", ja: "着信接続受付" },
  InboundConnectionAttempt: { group: "Network", en: "Inbound connection attempted", ja: "着信接続試行" },
  InboundInternetScanInspected: { group: "Network", en: "Internet scan seen", ja: "外部スキャン検出" },
  KerberosServiceTicket: { group: "UserActivity", en: "Kerberos service ticket requested", ja: "Kerberos サービスチケット要求" },
  KerberosTgtRequested: { group: "UserActivity", en: "Kerberos ticket-granting ticket requested", ja: "Kerberos TGT 要求" },
  LdapSearch: { group: "Network", en: "LDAP search", ja: "LDAP 検索" },
  ListeningConnectionCreated: { group: "Network", en: "Started to listen", ja: "待ち受け開始" },
  LogRecord: { group: "Other", en: "Log record", ja: "ログレコード" },
  Logoff: { group: "UserActivity", en: "Logged off", ja: "ログオフ" },
  LogonAttempted: { group: "UserActivity", en: "Logon attempted", ja: "ログオン試行" },
  LogonFailed: { group: "UserActivity", en: "Logon failed", ja: "ログオン失敗" },
  LogonFailedAggregatedReport: { group: "UserActivity", en: "Logon failed (summary)", ja: "ログオン失敗（集約）" },
  LogonRightsSettingEnabled: { group: "UserActivity", en: "Logon right granted", ja: "ログオン権限付与" },
  LogonSuccess: { group: "UserActivity", en: "Logged on", ja: "ログオン成功" },
  LogonSuccessAggregatedReport: { group: "UserActivity", en: "Logged on (summary)", ja: "ログオン成功（集約）" },
  MemoryRemoteProtect: { group: "Processes", en: "Memory protection changed in another process", ja: "他プロセスのメモリ保護変更" },
  NamedPipeEvent: { group: "Network", en: "Named pipe used", ja: "名前付きパイプ使用" },
  NetworkProtectionUserBypassEvent: { group: "ExploitGuard", en: "Network protection bypassed by user", ja: "ネットワーク保護をユーザーが回避" },
  NetworkShareObjectAccessChecked: { group: "Network", en: "Network share access checked", ja: "共有アクセス確認" },
  NetworkShareObjectAdded: { group: "Network", en: "Network share added", ja: "共有追加" },
  NetworkShareObjectDeleted: { group: "Network", en: "Network share deleted", ja: "共有削除" },
  NetworkShareObjectModified: { group: "Network", en: "Network share changed", ja: "共有変更" },
  NetworkSignatureInspected: { group: "Network", en: "Network signature matched", ja: "通信シグネチャ一致" },
  NtAllocateVirtualMemoryApiCall: { group: "Processes", en: "Memory allocated", ja: "メモリ割り当て" },
  NtAllocateVirtualMemoryRemoteApiCall: { group: "Processes", en: "Memory allocated in another process", ja: "他プロセスにメモリ割り当て" },
  NtMapViewOfSectionRemoteApiCall: { group: "Processes", en: "Memory mapped into another process", ja: "他プロセスにメモリマップ" },
  NtProtectVirtualMemoryApiCall: { group: "Processes", en: "Memory protection changed", ja: "メモリ保護変更" },
  OpenProcess: { group: "Processes", en: "Process opened", ja: "プロセスを開く" },
  OpenProcessApiCall: { group: "Processes", en: "Process opened", ja: "プロセスを開く" },
  OtherAlertRelatedActivity: { group: "AlertsRelatedEvents", en: "Other alert activity", ja: "アラート関連の活動" },
  PTraceDetected: { group: "Processes", en: "Process traced", ja: "プロセストレース検出" },
  PasswordChangeAttempt: { group: "UserActivity", en: "Password change attempted", ja: "パスワード変更試行" },
  PlistPropertyModified: { group: "Files", en: "Property list changed", ja: "plist 変更" },
  PnpDeviceAllowed: { group: "Other", en: "Device allowed", ja: "機器の使用許可" },
  PnpDeviceBlocked: { group: "Other", en: "Device blocked", ja: "機器の使用ブロック" },
  PnpDeviceConnected: { group: "Other", en: "Device connected", ja: "機器接続" },
  PowerShellCommand: { group: "Other", en: "PowerShell command", ja: "PowerShell コマンド" },
  PowerShellEngineStarted: { group: "Other", en: "PowerShell engine started", ja: "PowerShell エンジン開始" },
  PowerShellEngineStopped: { group: "Other", en: "PowerShell engine stopped", ja: "PowerShell エンジン終了" },
  PowerShellError: { group: "Other", en: "PowerShell error", ja: "PowerShell エラー" },
  PrintJobBlocked: { group: "Other", en: "Print job blocked", ja: "印刷ブロック" },
  ProcessCreated: { group: "Processes", en: "Process created", ja: "プロセス作成" },
  ProcessCreatedAggregatedReport: { group: "Processes", en: "Process created (summary)", ja: "プロセス作成（集約）" },
  ProcessCreatedUsingWmiQuery: { group: "Processes", en: "Process created through WMI", ja: "WMI 経由のプロセス作成" },
  ProcessFound: { group: "Processes", en: "Process found running", ja: "実行中プロセス検出" },
  ProcessImageTampered: { group: "Processes", en: "Process image tampered with", ja: "プロセスイメージ改ざん" },
  ProcessPrimaryTokenModified: { group: "Processes", en: "Process token changed", ja: "プロセストークン変更" },
  ProcessTerminated: { group: "Processes", en: "Process ended", ja: "プロセス終了" },
  QueueUserApcRemoteApiCall: { group: "Processes", en: "Call queued in another process", ja: "他プロセスに APC 登録" },
  RawDiskRead: { group: "Other", en: "Disk read directly", ja: "ディスク直接読み取り" },
  ReadProcessMemoryApiCall: { group: "Processes", en: "Process memory read", ja: "プロセスメモリ読み取り" },
  RegistryKeyCreated: { group: "Registry", en: "Registry key created", ja: "レジストリキー作成" },
  RegistryKeyDeleted: { group: "Registry", en: "Registry key deleted", ja: "レジストリキー削除" },
  RegistryKeyRenamed: { group: "Registry", en: "Registry key renamed", ja: "レジストリキー名変更" },
  RegistryValueDeleted: { group: "Registry", en: "Registry value deleted", ja: "レジストリ値削除" },
  RegistryValueSet: { group: "Registry", en: "Registry value set", ja: "レジストリ値設定" },
  RemoteDesktopConnection: { group: "Network", en: "Remote desktop connected", ja: "リモートデスクトップ接続" },
  RemoteWmiOperation: { group: "Network", en: "Remote WMI operation", ja: "リモート WMI 操作" },
  RemovableStorageFileEvent: { group: "Files", en: "File used on removable storage", ja: "リムーバブル記憶域のファイル操作" },
  RemovableStoragePolicyTriggered: { group: "Other", en: "Removable storage policy applied", ja: "リムーバブル記憶域ポリシー適用" },
  SafeDocFileScan: { group: "AntiVirus", en: "Document scanned", ja: "文書スキャン" },
  ScheduledTaskCreated: { group: "ScheduledTask", en: "Scheduled task created", ja: "スケジュールタスク作成" },
  ScheduledTaskDeleted: { group: "ScheduledTask", en: "Scheduled task deleted", ja: "スケジュールタスク削除" },
  ScheduledTaskDisabled: { group: "ScheduledTask", en: "Scheduled task disabled", ja: "スケジュールタスク無効化" },
  ScheduledTaskEnabled: { group: "ScheduledTask", en: "Scheduled task enabled", ja: "スケジュールタスク有効化" },
  ScheduledTaskUpdated: { group: "ScheduledTask", en: "Scheduled task updated", ja: "スケジュールタスク更新" },
  ScreenshotTaken: { group: "UserActivity", en: "Screenshot taken", ja: "スクリーンショット取得" },
  ScriptContent: { group: "Other", en: "Script content", ja: "スクリプト内容" },
  ScriptContentScan: { group: "Other", en: "Script content scanned", ja: "スクリプト内容スキャン" },
  ScriptStarted: { group: "Other", en: "Script started", ja: "スクリプト開始" },
  ScriptStopped: { group: "Other", en: "Script ended", ja: "スクリプト終了" },
  SecurityGroupCreated: { group: "UserActivity", en: "Security group created", ja: "セキュリティグループ作成" },
  SecurityGroupDeleted: { group: "UserActivity", en: "Security group deleted", ja: "セキュリティグループ削除" },
  SecurityLogCleared: { group: "Other", en: "Security log cleared", ja: "セキュリティログ消去" },
  SensitiveFileRead: { group: "Files", en: "Sensitive file read", ja: "機密ファイル読み取り" },
  SensorConfigChanged: { group: "Sensor", en: "Sensor settings changed", ja: "センサー設定変更" },
  SensorError: { group: "Sensor", en: "Sensor error", ja: "センサーエラー" },
  SensorStarted: { group: "Sensor", en: "Sensor started", ja: "センサー開始" },
  SensorStateChanged: { group: "Sensor", en: "Sensor state changed", ja: "センサー状態変更" },
  SensorStopped: { group: "Sensor", en: "Sensor stopped", ja: "センサー停止" },
  SensorTampered: { group: "Sensor", en: "Sensor tampered with", ja: "センサー改ざん" },
  ServiceCrashed: { group: "Other", en: "Service crashed", ja: "サービス異常終了" },
  ServiceInstalled: { group: "Other", en: "Service installed", ja: "サービス登録" },
  ServiceStartTypeChanged: { group: "Other", en: "Service start type changed", ja: "サービス開始種別変更" },
  ServiceStateChanged: { group: "Other", en: "Service state changed", ja: "サービス状態変更" },
  SetThreadContextRemoteApiCall: { group: "Processes", en: "Thread context set in another process", ja: "他プロセスのスレッド変更" },
  ShellCommand: { group: "Other", en: "Shell command typed", ja: "シェルコマンド入力" },
  ShellLinkCreateFileEvent: { group: "Files", en: "Shortcut created", ja: "ショートカット作成" },
  SmartScreenAppWarning: { group: "SmartScreen", en: "SmartScreen warned of an app", ja: "SmartScreen アプリ警告" },
  SmartScreenExploitWarning: { group: "SmartScreen", en: "SmartScreen warned of an exploit", ja: "SmartScreen エクスプロイト警告" },
  SmartScreenUrlWarning: { group: "SmartScreen", en: "SmartScreen warned of a URL", ja: "SmartScreen URL 警告" },
  SmartScreenUserOverride: { group: "SmartScreen", en: "SmartScreen warning overridden", ja: "SmartScreen 警告を無視" },
  SmtpConnectionInspected: { group: "Network", en: "SMTP connection inspected", ja: "SMTP 通信検査" },
  SshConnectionInspected: { group: "Network", en: "SSH connection inspected", ja: "SSH 通信検査" },
  SslConnectionInspected: { group: "Network", en: "TLS connection inspected", ja: "TLS 通信検査" },
  TamperingAttempt: { group: "AntiVirus", en: "Tampering attempted", ja: "改ざん試行" },
  UntrustedWifiConnection: { group: "Network", en: "Joined untrusted Wi-Fi", ja: "信頼できない Wi-Fi 接続" },
  UsbDriveDriveLetterChanged: { group: "Other", en: "USB drive letter changed", ja: "USB ドライブ文字変更" },
  UsbDriveMount: { group: "Other", en: "USB drive mounted", ja: "USB ドライブのマウント" },
  UsbDriveMounted: { group: "Other", en: "USB drive mounted", ja: "USB ドライブのマウント" },
  UsbDriveUnmount: { group: "Other", en: "USB drive unmounted", ja: "USB ドライブの取り外し" },
  UsbDriveUnmounted: { group: "Other", en: "USB drive unmounted", ja: "USB ドライブの取り外し" },
  UserAccountAddedToLocalGroup: { group: "UserActivity", en: "Account added to group", ja: "グループにアカウント追加" },
  UserAccountCreated: { group: "UserActivity", en: "User account created", ja: "ユーザーアカウント作成" },
  UserAccountDeleted: { group: "UserActivity", en: "User account deleted", ja: "ユーザーアカウント削除" },
  UserAccountModified: { group: "UserActivity", en: "User account changed", ja: "ユーザーアカウント変更" },
  UserAccountRemovedFromLocalGroup: { group: "UserActivity", en: "Account removed from group", ja: "グループからアカウント削除" },
  WindowsEvent: { group: "Other", en: "Windows event", ja: "Windows イベント" },
  WmiBindEventFilterToConsumer: { group: "Other", en: "WMI subscription bound", ja: "WMI サブスクリプション登録" },
  WmiConsumerCreated: { group: "Other", en: "WMI consumer created", ja: "WMI コンシューマー作成" },
  WmiError: { group: "Other", en: "WMI error", ja: "WMI エラー" },
  WmiFilterCreated: { group: "Other", en: "WMI filter created", ja: "WMI フィルター作成" },
  WmiTemporarySubscription: { group: "Other", en: "WMI temporary subscription", ja: "WMI 一時サブスクリプション" },
  WriteProcessMemoryApiCall: { group: "Processes", en: "Process memory written", ja: "プロセスメモリ書き込み" },
  WriteToLsassProcessMemory: { group: "Processes", en: "LSASS memory written", ja: "LSASS メモリ書き込み" },
};

export type ColumnType = "string" | "int" | "long" | "bool" | "datetime";

/** Type and meaning of every column. */
export const COLUMNS: Record<string, { type: ColumnType; prose: string }> = {
  Timestamp: { type: "datetime", prose: "When the event happened, by the device's own clock, in UTC." },
  ActionType: { type: "string", prose: "What happened, one of the names listed in `actions.md`." },
  EventTable: { type: "string", prose: "Name of the KQL table that the row belongs to." },
  InitiatingProcessId: { type: "long", prose: "Process id (pid) of the process that acted; ids are reused, so join on InitiatingProcessUniqueId." },
  InitiatingProcessUniqueId: { type: "string", prose: "Identity of the process that acted, never reused: boot, pid and start time." },
  InitiatingProcessFileName: { type: "string", prose: "File name of the executable of the process that acted." },
  InitiatingProcessFolderPath: { type: "string", prose: "Full path of the executable of the process that acted, including the file name." },
  InitiatingProcessCommandLine: { type: "string", prose: "Command line of the process that acted, with its arguments joined by spaces." },
  InitiatingProcessAccountName: { type: "string", prose: "Name of the account that the acting process runs as." },
  InitiatingProcessCreationTime: { type: "datetime", prose: "When the process that acted was started." },
  Outcome: { type: "string", prose: "Result of the action: `ok` or `failed`." },
  FileName: { type: "string", prose: "Name of the file that the event is about, without its folder; for a created process, its executable." },
  FolderPath: { type: "string", prose: "Full path of the file that the event is about, including the file name." },
  DeviceName: { type: "string", prose: "Name of the device, as its operating system reports it." },
  ProcessId: { type: "long", prose: "Process id (pid) of the process that the event is about; ids are reused, so join on ProcessUniqueId." },
  DeviceId: { type: "string", prose: "Identity of the device: 40 hexadecimal digits from its client certificate, set by the server." },
  SHA1: { type: "string", prose: "SHA-1 of the file that the event is about, as lowercase hexadecimal digits." },
  SHA256: { type: "string", prose: "SHA-256 of the file that the event is about, as lowercase hexadecimal digits." },
  MD5: { type: "string", prose: "MD5 of the file that the event is about, as lowercase hexadecimal digits." },
  FileSize: { type: "long", prose: "Size of the file that the event is about, in bytes." },
  AccountDomain: { type: "string", prose: "Domain of the account that the event is about; on Linux the device name." },
  AccountName: { type: "string", prose: "Name of the account that the event is about; for a created process, the user it runs as." },
  AccountSid: { type: "string", prose: "Security identifier of the account; on Linux the numeric user id as text." },
  AccountUpn: { type: "string", prose: "User principal name of the account, such as `ann@example.test`." },
  AccountObjectId: { type: "string", prose: "Object identifier of the account in the directory service." },
  LogonId: { type: "long", prose: "Logon session of the event, unique per device between two restarts; on Linux the audit session id." },
  LogonID: { type: "long", prose: "Second spelling of LogonId that the documentation of some tables carries; it reads the same values." },
  LogonType: { type: "string", prose: "How the account logged on: Interactive, RemoteInteractive, Network, Batch or Service." },
  FailureReason: { type: "string", prose: "Why the logon failed, in the operating system's words." },
  IsLocalAdmin: { type: "bool", prose: "True when the account has administrator rights on the device; on Linux when it is root." },
  RemoteUrl: { type: "string", prose: "Host name or URL that the event is about; for a DNS event, the name that was asked for." },
  RemoteDeviceName: { type: "string", prose: "Name of the device at the other end." },
  RemoteIP: { type: "string", prose: "IP address at the other end; for a DNS event, the name server." },
  RemotePort: { type: "int", prose: "Port number at the other end." },
  RemoteIPType: { type: "string", prose: "Kind of the remote address: Public, Private, Reserved, Loopback, Teredo, FourToSixMapping or Broadcast." },
  LocalIP: { type: "string", prose: "IP address at this device's end." },
  LocalPort: { type: "int", prose: "Port number at this device's end." },
  LocalIPType: { type: "string", prose: "Kind of the local address: Public, Private, Reserved, Loopback, Teredo, FourToSixMapping or Broadcast." },
  Protocol: { type: "string", prose: "Protocol of the connection or logon, such as Tcp, Udp, Kerberos or ssh." },
  FileOriginUrl: { type: "string", prose: "URL that the file was downloaded from." },
  FileOriginReferrerUrl: { type: "string", prose: "URL of the page that linked to the downloaded file." },
  FileOriginIP: { type: "string", prose: "IP address that the file was downloaded from." },
  PreviousFolderPath: { type: "string", prose: "Full path of the file before it was renamed or moved." },
  PreviousFileName: { type: "string", prose: "Name of the file before it was renamed." },
  RequestProtocol: { type: "string", prose: "How the file request reached the device: Unknown, Local, SMB or NFS." },
  RequestSourceIP: { type: "string", prose: "IP address that the remote file request came from." },
  RequestSourcePort: { type: "int", prose: "Port number that the remote file request came from." },
  RequestAccountName: { type: "string", prose: "Name of the account that asked for the file remotely." },
  RequestAccountDomain: { type: "string", prose: "Domain of the account that asked for the file remotely." },
  RequestAccountSid: { type: "string", prose: "Security identifier of the account that asked for the file remotely." },
  ShareName: { type: "string", prose: "Name of the network share that holds the file." },
  SensitivityLabel: { type: "string", prose: "Information protection label of the file." },
  SensitivitySubLabel: { type: "string", prose: "Information protection sublabel of the file." },
  IsAzureInfoProtectionApplied: { type: "bool", prose: "True when the file is encrypted by Azure Information Protection." },
  RegistryKey: { type: "string", prose: "Registry key that the event is about, with its full hive name." },
  RegistryValueName: { type: "string", prose: "Name of the registry value that was set or deleted." },
  RegistryValueType: { type: "string", prose: "Type of the registry value, such as Dword or Binary." },
  RegistryValueData: { type: "string", prose: "Data of the registry value after the event." },
  PreviousRegistryKey: { type: "string", prose: "Registry key before it was renamed." },
  PreviousRegistryValueName: { type: "string", prose: "Name of the registry value before the event." },
  PreviousRegistryValueData: { type: "string", prose: "Data of the registry value before the event." },
  ReportId: { type: "long", prose: "Counter of the source; it repeats, so use EventId to name an event." },
  AppGuardContainerId: { type: "string", prose: "Identifier of the Application Guard container that the event came from." },
  AdditionalFields: { type: "string", prose: "Further facts of this kind of event, as a JSON object." },
  ProcessCommandLine: { type: "string", prose: "Command line of the process that the event is about, with its arguments joined by spaces." },
  ProcessCreationTime: { type: "datetime", prose: "When the process that the event is about was started." },
  ProcessUniqueId: { type: "string", prose: "Identity of the process that the event is about, never reused: boot, pid and start time." },
  ProcessTokenElevation: { type: "string", prose: "Elevation of the process token: TokenElevationTypeLimited, TokenElevationTypeDefault or TokenElevationTypeFull." },
  ProcessIntegrityLevel: { type: "string", prose: "Windows integrity level of the process that the event is about." },
  ProcessVersionInfoCompanyName: { type: "string", prose: "Company name in the version resource of the process's executable." },
  ProcessVersionInfoProductName: { type: "string", prose: "Product name in the version resource of the process's executable." },
  ProcessVersionInfoProductVersion: { type: "string", prose: "Product version in the version resource of the process's executable." },
  ProcessVersionInfoInternalFileName: { type: "string", prose: "Internal file name in the version resource of the process's executable." },
  ProcessVersionInfoOriginalFileName: { type: "string", prose: "Original file name in the version resource of the process's executable." },
  ProcessVersionInfoFileDescription: { type: "string", prose: "File description in the version resource of the process's executable." },
  CreatedProcessSessionId: { type: "long", prose: "Session of the created process: the Windows session, or the session id (sid) on Linux." },
  IsProcessRemoteSession: { type: "bool", prose: "True when the process runs in a remote desktop session." },
  ProcessRemoteSessionDeviceName: { type: "string", prose: "Name of the device that the process's remote session comes from." },
  ProcessRemoteSessionIP: { type: "string", prose: "IP address that the process's remote session comes from." },
  InitiatingProcessSHA1: { type: "string", prose: "SHA-1 of the executable of the process that acted, as lowercase hexadecimal digits." },
  InitiatingProcessSHA256: { type: "string", prose: "SHA-256 of the executable of the process that acted, as lowercase hexadecimal digits." },
  InitiatingProcessMD5: { type: "string", prose: "MD5 of the executable of the process that acted, as lowercase hexadecimal digits." },
  InitiatingProcessFileSize: { type: "long", prose: "Size in bytes of the executable of the process that acted." },
  InitiatingProcessAccountDomain: { type: "string", prose: "Domain of the account that the acting process runs as; on Linux the device name." },
  InitiatingProcessAccountSid: { type: "string", prose: "Security identifier of the account that the acting process runs as; on Linux the numeric user id as text." },
  InitiatingProcessAccountUpn: { type: "string", prose: "User principal name of the account that the acting process runs as." },
  InitiatingProcessAccountObjectId: { type: "string", prose: "Directory object identifier of the account that the acting process runs as." },
  InitiatingProcessLogonId: { type: "long", prose: "Logon session that the acting process belongs to; on Linux the audit session id." },
  InitiatingProcessVersionInfoCompanyName: { type: "string", prose: "Company name in the version resource of the acting process's executable." },
  InitiatingProcessVersionInfoProductName: { type: "string", prose: "Product name in the version resource of the acting process's executable." },
  InitiatingProcessVersionInfoProductVersion: { type: "string", prose: "Product version in the version resource of the acting process's executable." },
  InitiatingProcessVersionInfoInternalFileName: { type: "string", prose: "Internal file name in the version resource of the acting process's executable." },
  InitiatingProcessVersionInfoOriginalFileName: { type: "string", prose: "Original file name in the version resource of the acting process's executable." },
  InitiatingProcessVersionInfoFileDescription: { type: "string", prose: "File description in the version resource of the acting process's executable." },
  InitiatingProcessParentId: { type: "long", prose: "Process id (pid) of the parent of the process that acted." },
  InitiatingProcessParentFileName: { type: "string", prose: "File name of the executable of the parent of the process that acted." },
  InitiatingProcessParentCreationTime: { type: "datetime", prose: "When the parent of the process that acted was started." },
  InitiatingProcessIntegrityLevel: { type: "string", prose: "Windows integrity level of the process that acted." },
  InitiatingProcessTokenElevation: { type: "string", prose: "Elevation of the acting process's token: TokenElevationTypeLimited, TokenElevationTypeDefault or TokenElevationTypeFull." },
  InitiatingProcessSignerType: { type: "string", prose: "Kind of signer of the acting process's executable." },
  InitiatingProcessSignatureStatus: { type: "string", prose: "Signature status of the acting process's executable, such as Valid or Unsigned." },
  InitiatingProcessSessionId: { type: "long", prose: "Session of the process that acted: the Windows session, or the session id (sid) on Linux." },
  IsInitiatingProcessRemoteSession: { type: "bool", prose: "True when the process that acted runs in a remote desktop session." },
  InitiatingProcessRemoteSessionDeviceName: { type: "string", prose: "Name of the device that the acting process's remote session comes from." },
  InitiatingProcessRemoteSessionIP: { type: "string", prose: "IP address that the acting process's remote session comes from." },
  ClientVersion: { type: "string", prose: "Version of the sensor on the device." },
  PublicIP: { type: "string", prose: "Address that the device was seen from by the server." },
  OSArchitecture: { type: "string", prose: "Processor architecture of the operating system, such as 64-bit." },
  OSPlatform: { type: "string", prose: "Family of the operating system, such as Linux or Windows11." },
  OSBuild: { type: "long", prose: "Build number of the operating system." },
  IsAzureADJoined: { type: "bool", prose: "True when the device is joined to Microsoft Entra ID." },
  JoinType: { type: "string", prose: "How the device is joined to a directory service." },
  AadDeviceId: { type: "string", prose: "Identifier of the device in Microsoft Entra ID." },
  LoggedOnUsers: { type: "string", prose: "Accounts logged on when the row was written, as a JSON array." },
  RegistryDeviceTag: { type: "string", prose: "Tag given to the device in its own settings." },
  OSVersion: { type: "string", prose: "Version of the operating system, such as 12." },
  MachineGroup: { type: "string", prose: "Group of the device, used for access rights." },
  OnboardingStatus: { type: "string", prose: "Whether the device is enrolled: Onboarded, Can be onboarded, Unsupported or Insufficient info." },
  DeviceCategory: { type: "string", prose: "Broad category of the device, such as Endpoint or NetworkDevice." },
  DeviceType: { type: "string", prose: "Kind of device, such as Workstation, Server or Mobile." },
  DeviceSubtype: { type: "string", prose: "Finer kind of the device within its type." },
  Model: { type: "string", prose: "Model name given by the hardware vendor." },
  Vendor: { type: "string", prose: "Name of the hardware vendor." },
  OSDistribution: { type: "string", prose: "Distribution of the operating system, such as Debian or WindowsServer2022." },
  OSVersionInfo: { type: "string", prose: "Further words on the operating system's version, such as its code name." },
  MergedDeviceIds: { type: "string", prose: "Earlier identities that were merged into this device, as a JSON array." },
  MergedToDeviceId: { type: "string", prose: "Identity that this device was merged into." },
  IsInternetFacing: { type: "bool", prose: "True when the device can be reached from the internet." },
  SensorHealthState: { type: "string", prose: "State of the sensor: Active, Inactive, ImpairedCommunications or NoSensorData." },
  IsExcluded: { type: "bool", prose: "True when the device is left out of vulnerability views." },
  ExclusionReason: { type: "string", prose: "Why the device is left out." },
  ExposureLevel: { type: "string", prose: "How exposed the device is: None, Low, Medium or High." },
  AssetValue: { type: "string", prose: "Importance given to the device: Low, Normal or High." },
  DeviceManualTags: { type: "string", prose: "Tags given by people, as a JSON array." },
  DeviceDynamicTags: { type: "string", prose: "Tags given by rules, as a JSON array." },
  ConnectivityType: { type: "string", prose: "How the device reaches the server: directly or through a proxy or relay." },
  HostDeviceId: { type: "string", prose: "Identity of the device that hosts this one, for a virtual machine or subsystem." },
  AzureResourceId: { type: "string", prose: "Identifier of the Azure resource that the device is." },
  AwsResourceName: { type: "string", prose: "Amazon resource name of the instance that the device is." },
  GcpFullResourceName: { type: "string", prose: "Full resource name of the Google Cloud instance that the device is." },
  HardwareUuid: { type: "string", prose: "UUID of the hardware, from its firmware tables." },
  CloudPlatforms: { type: "string", prose: "Cloud platforms that the device belongs to, as a JSON array." },
  AzureVmId: { type: "string", prose: "Identifier that Azure gave to the virtual machine." },
  AzureVmSubscriptionId: { type: "string", prose: "Azure subscription that the virtual machine belongs to." },
  IsTransient: { type: "bool", prose: "True when the device was only seen for a short time on the network." },
  OsBuildRevision: { type: "string", prose: "Revision of the operating system's build." },
  MitigationStatus: { type: "string", prose: "Response action in force on the device, such as isolation, as a JSON object." },
  Site: { type: "string", prose: "Site that the device belongs to." },
  DiscoverySources: { type: "string", prose: "Sources that found the device, as a JSON array." },
  NetworkAdapterName: { type: "string", prose: "Name of the network adapter." },
  MacAddress: { type: "string", prose: "Hardware address of the network adapter." },
  NetworkAdapterType: { type: "string", prose: "Kind of network adapter, such as Ethernet or Wireless80211." },
  NetworkAdapterStatus: { type: "string", prose: "Operational state of the network adapter: Up, Down or Unknown." },
  TunnelType: { type: "string", prose: "Tunnel protocol when the adapter is a tunnel, such as Teredo." },
  ConnectedNetworks: { type: "string", prose: "Networks that the adapter is connected to, as a JSON array." },
  DnsAddresses: { type: "string", prose: "Addresses of the adapter's name servers, as a JSON array." },
  IPv4Dhcp: { type: "string", prose: "IPv4 address of the DHCP server." },
  IPv6Dhcp: { type: "string", prose: "IPv6 address of the DHCP server." },
  DefaultGateways: { type: "string", prose: "Addresses of the default gateways, as a JSON array." },
  IPAddresses: { type: "string", prose: "Addresses of the adapter with their prefix lengths, as a JSON array." },
  NetworkAdapterVendor: { type: "string", prose: "Vendor of the network adapter, from its hardware address." },
  NetworkAdapterDnsSuffix: { type: "string", prose: "DNS suffix of the network adapter." },
  IsSigned: { type: "bool", prose: "True when the file is signed." },
  SignatureType: { type: "string", prose: "Where the signature was found: Embedded or Catalog." },
  Signer: { type: "string", prose: "Name of the signer of the file." },
  SignerHash: { type: "string", prose: "Hash of the signer's certificate." },
  Issuer: { type: "string", prose: "Name of the authority that issued the signer's certificate." },
  IssuerHash: { type: "string", prose: "Hash of the issuing authority's certificate." },
  CertificateSerialNumber: { type: "string", prose: "Serial number of the signer's certificate." },
  CrlDistributionPointUrls: { type: "string", prose: "URLs of the certificate revocation lists, as a JSON array." },
  CertificateCreationTime: { type: "datetime", prose: "When the signer's certificate was made." },
  CertificateExpirationTime: { type: "datetime", prose: "When the signer's certificate expires." },
  CertificateCountersignatureTime: { type: "datetime", prose: "When the signature was countersigned by a time stamping authority." },
  IsTrusted: { type: "bool", prose: "True when the operating system's verification trusts the signature." },
  IsRootSignerMicrosoft: { type: "bool", prose: "True when the root of the certificate chain is Microsoft's." },
  AlertId: { type: "string", prose: "Identity of the alert." },
  Title: { type: "string", prose: "Title of the alert." },
  Category: { type: "string", prose: "Kind of threat that the alert points at, usually an ATT&CK tactic." },
  Categories: { type: "string", prose: "Kinds of threat that the alert points at, as a JSON array." },
  Severity: { type: "string", prose: "Severity of the alert: Informational, Low, Medium or High." },
  ServiceSource: { type: "string", prose: "Product that raised the alert." },
  DetectionSource: { type: "string", prose: "Technology or rule set that detected it." },
  AttackTechniques: { type: "string", prose: "MITRE ATT&CK techniques of the alert, as a JSON array." },
  EntityType: { type: "string", prose: "Kind of evidence, such as File, Process, Ip, User or Machine." },
  EvidenceRole: { type: "string", prose: "Part that the entity plays: Impacted or Related." },
  EvidenceDirection: { type: "string", prose: "Side of the connection that the entity is on: Source or Destination." },
  ThreatFamily: { type: "string", prose: "Malware family that the file or process was classified as." },
  NetworkMessageId: { type: "string", prose: "Identifier of the e-mail message, from the mail service." },
  EmailSubject: { type: "string", prose: "Subject line of the e-mail message." },
  Application: { type: "string", prose: "Name of the application that acted." },
  ApplicationId: { type: "int", prose: "Number of the application that acted." },
  OAuthApplicationId: { type: "string", prose: "Identifier of the OAuth application that acted." },
  CloudResource: { type: "string", prose: "Name of the cloud resource." },
  CloudPlatform: { type: "string", prose: "Cloud platform that the resource belongs to." },
  ResourceType: { type: "string", prose: "Type of the cloud resource." },
  ResourceID: { type: "string", prose: "Identifier of the cloud resource." },
  SubscriptionId: { type: "string", prose: "Cloud subscription that the resource belongs to." },
  EventId: { type: "string", prose: "Identity of the event: device, epoch and sequence number, set by the server." },
  TenantId: { type: "string", prose: "Tenant that the device belongs to, set by the server." },
  IngestionTime: { type: "datetime", prose: "When the server stored the event, in UTC." },
  EventGroup: { type: "string", prose: "Group of the action, as in the timeline's filter, set by the server." },
  ErrorCode: { type: "int", prose: "Number of the error: errno, exit code, signal or DNS response code." },
  ErrorName: { type: "string", prose: "Name of the error, such as ECONNREFUSED, NXDOMAIN, SIGSEGV or `exit 3`." },
  InitiatingThreadId: { type: "long", prose: "Thread of the acting process that did it." },
  ConnectionId: { type: "string", prose: "Identity of the connection, the same in every event of one connection." },
  ContainerId: { type: "string", prose: "Identifier of the container that the acting process runs in." },
  InitiatingScriptPath: { type: "string", prose: "Script file that the acting process was running; null when unknown or not a script host." },
  InitiatingScriptLine: { type: "int", prose: "Line of the script that was running." },
  InitiatingScriptSHA256: { type: "string", prose: "SHA-256 of the script's content, as lowercase hexadecimal digits." },
  AttributionLevel: { type: "string", prose: "How sure the link from the action to the script is, from `exact-thread` to `unattributed`; `none` when the process is not a script host." },
  AttributionEvidence: { type: "string", prose: "Records that prove the link to the script, as a JSON array." },
  Techniques: { type: "string", prose: "MITRE ATT&CK techniques that rules found in the event, as a JSON array." },
  SourceRecords: { type: "string", prose: "Records of the source that the row was made from, as a JSON array." },
  FoldedCount: { type: "long", prose: "Number of equal events that this row stands for; null means one." },
  FirstSeen: { type: "datetime", prose: "Time of the first of the folded events, or start of a gap." },
  LastSeen: { type: "datetime", prose: "Time of the last of the folded events, or end of a gap." },
  ProcessScriptPath: { type: "string", prose: "Script file that the created process runs, from its `#!` line or its arguments." },
  ProcessWorkingDirectory: { type: "string", prose: "Working directory of the process when it was started." },
  InitiatingProcessParentUniqueId: { type: "string", prose: "Identity of the parent of the process that acted, never reused: boot, pid and start time." },
  DurationUs: { type: "long", prose: "How long it took, in microseconds: life of a process, latency of a connection or DNS answer." },
  DnsQueryType: { type: "string", prose: "Record type that the DNS query asked for, such as A, AAAA or TXT." },
  DnsAnswers: { type: "string", prose: "Answers of the DNS response, as a JSON array." },
  GapReason: { type: "string", prose: "Why events are missing: kernel_drop, rate_limited, spool_evicted, spool_corrupt, disk_full, sensor_down, stalled, hook_lost, decode_error or clock_step." },
  LostCount: { type: "long", prose: "Number of events that are missing; null when it cannot be known." },
  Terminal: { type: "string", prose: "Terminal of the process, such as pts/0." },
  BootId: { type: "string", prose: "Identity of the device's boot, as the kernel gives it." },
  StreamEpoch: { type: "string", prose: "Epoch of the sensor's stream that carried the row, as hexadecimal digits, set by the server." },
  StreamSeq: { type: "long", prose: "Sequence number of the row in the sensor's stream, set by the server." },
  TimestampNanos: { type: "int", prose: "Nanoseconds of the event's time below one microsecond, 0 to 999, set by the server: column files hold microseconds." },
};

/** Meaning of every table. */
export const TABLES: Record<string, string> = {
  DeviceEvents: "Events of many kinds that have no table of their own: DNS, shell commands, drivers, tasks, accounts, the sensor itself.",
  DeviceProcessEvents: "One row for every process that started, ended, or could not be started.",
  DeviceFileEvents: "One row for every file that was created, changed, renamed or deleted.",
  DeviceNetworkEvents: "One row for every connection made, refused, accepted or listened for.",
  DeviceRegistryEvents: "One row for every registry key or value that was created, changed, renamed or deleted.",
  DeviceLogonEvents: "One row for every logon, failed logon and logoff.",
  DeviceImageLoadEvents: "One row for every library that a process loaded.",
  DeviceInfo: "State of a device at a time: operating system, sensor, tags.",
  DeviceNetworkInfo: "State of a network adapter of a device at a time.",
  DeviceFileCertificateInfo: "Signature and certificate of a file seen on a device.",
  AlertInfo: "One row for every alert.",
  AlertEvidence: "One row for every file, process, address, account or device that an alert names.",
};

/** Events of many kinds that have no table of their own: DNS, shell commands, drivers, tasks, accounts, the sensor itself. */
export interface DeviceEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  FileName?: string;
  FolderPath?: string;
  SHA1?: string;
  SHA256?: string;
  MD5?: string;
  FileSize?: number;
  AccountDomain?: string;
  AccountName?: string;
  AccountSid?: string;
  RemoteUrl?: string;
  RemoteDeviceName?: string;
  ProcessId?: number;
  ProcessCommandLine?: string;
  ProcessCreationTime?: string;
  ProcessTokenElevation?: string;
  LogonId?: number;
  RegistryKey?: string;
  RegistryValueName?: string;
  RegistryValueData?: string;
  RemoteIP?: string;
  RemotePort?: number;
  LocalIP?: string;
  LocalPort?: number;
  FileOriginUrl?: string;
  FileOriginIP?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentCreationTime?: string;
  InitiatingProcessLogonId?: number;
  ReportId?: number;
  AppGuardContainerId?: string;
  AdditionalFields?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  CreatedProcessSessionId?: number;
  IsProcessRemoteSession?: boolean;
  ProcessRemoteSessionDeviceName?: string;
  ProcessRemoteSessionIP?: string;
  InitiatingProcessUniqueId?: string;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** One row for every process that started, ended, or could not be started. */
export interface DeviceProcessEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  FileName?: string;
  FolderPath?: string;
  SHA1?: string;
  SHA256?: string;
  MD5?: string;
  FileSize?: number;
  ProcessVersionInfoCompanyName?: string;
  ProcessVersionInfoProductName?: string;
  ProcessVersionInfoProductVersion?: string;
  ProcessVersionInfoInternalFileName?: string;
  ProcessVersionInfoOriginalFileName?: string;
  ProcessVersionInfoFileDescription?: string;
  ProcessId?: number;
  ProcessCommandLine?: string;
  ProcessIntegrityLevel?: string;
  ProcessTokenElevation?: string;
  ProcessCreationTime?: string;
  AccountDomain?: string;
  AccountName?: string;
  AccountSid?: string;
  AccountUpn?: string;
  AccountObjectId?: string;
  LogonId?: number;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessLogonId?: number;
  InitiatingProcessIntegrityLevel?: string;
  InitiatingProcessTokenElevation?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentCreationTime?: string;
  InitiatingProcessSignerType?: string;
  InitiatingProcessSignatureStatus?: string;
  ReportId?: number;
  AppGuardContainerId?: string;
  AdditionalFields?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  CreatedProcessSessionId?: number;
  IsProcessRemoteSession?: boolean;
  ProcessRemoteSessionDeviceName?: string;
  ProcessRemoteSessionIP?: string;
  ProcessUniqueId?: string;
  InitiatingProcessUniqueId?: string;
  LogonID?: number;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** One row for every file that was created, changed, renamed or deleted. */
export interface DeviceFileEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  FileName?: string;
  FolderPath?: string;
  SHA1?: string;
  SHA256?: string;
  MD5?: string;
  FileOriginUrl?: string;
  FileOriginReferrerUrl?: string;
  FileOriginIP?: string;
  PreviousFolderPath?: string;
  PreviousFileName?: string;
  FileSize?: number;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessIntegrityLevel?: string;
  InitiatingProcessTokenElevation?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentCreationTime?: string;
  RequestProtocol?: string;
  RequestSourceIP?: string;
  RequestSourcePort?: number;
  RequestAccountName?: string;
  RequestAccountDomain?: string;
  RequestAccountSid?: string;
  ShareName?: string;
  SensitivityLabel?: string;
  SensitivitySubLabel?: string;
  IsAzureInfoProtectionApplied?: boolean;
  ReportId?: number;
  AppGuardContainerId?: string;
  AdditionalFields?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  InitiatingProcessUniqueId?: string;
  LogonID?: number;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** One row for every connection made, refused, accepted or listened for. */
export interface DeviceNetworkEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  RemoteIP?: string;
  RemotePort?: number;
  RemoteUrl?: string;
  LocalIP?: string;
  LocalPort?: number;
  Protocol?: string;
  LocalIPType?: string;
  RemoteIPType?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentCreationTime?: string;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessIntegrityLevel?: string;
  InitiatingProcessTokenElevation?: string;
  ReportId?: number;
  AppGuardContainerId?: string;
  AdditionalFields?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  InitiatingProcessUniqueId?: string;
  LogonID?: number;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** One row for every registry key or value that was created, changed, renamed or deleted. */
export interface DeviceRegistryEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  RegistryKey?: string;
  RegistryValueType?: string;
  RegistryValueName?: string;
  RegistryValueData?: string;
  PreviousRegistryKey?: string;
  PreviousRegistryValueName?: string;
  PreviousRegistryValueData?: string;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentCreationTime?: string;
  InitiatingProcessIntegrityLevel?: string;
  InitiatingProcessTokenElevation?: string;
  ReportId?: number;
  AppGuardContainerId?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  InitiatingProcessUniqueId?: string;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** One row for every logon, failed logon and logoff. */
export interface DeviceLogonEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  LogonType?: string;
  AccountDomain?: string;
  AccountName?: string;
  AccountSid?: string;
  Protocol?: string;
  FailureReason?: string;
  IsLocalAdmin?: boolean;
  LogonId?: number;
  RemoteDeviceName?: string;
  RemoteIP?: string;
  RemoteIPType?: string;
  RemotePort?: number;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessIntegrityLevel?: string;
  InitiatingProcessTokenElevation?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentCreationTime?: string;
  ReportId?: number;
  AppGuardContainerId?: string;
  AdditionalFields?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  InitiatingProcessUniqueId?: string;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** One row for every library that a process loaded. */
export interface DeviceImageLoadEvents {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ActionType?: string;
  FileName?: string;
  FolderPath?: string;
  SHA1?: string;
  SHA256?: string;
  MD5?: string;
  FileSize?: number;
  InitiatingProcessAccountDomain?: string;
  InitiatingProcessAccountName?: string;
  InitiatingProcessAccountSid?: string;
  InitiatingProcessAccountUpn?: string;
  InitiatingProcessAccountObjectId?: string;
  InitiatingProcessIntegrityLevel?: string;
  InitiatingProcessTokenElevation?: string;
  InitiatingProcessSHA1?: string;
  InitiatingProcessSHA256?: string;
  InitiatingProcessMD5?: string;
  InitiatingProcessFileName?: string;
  InitiatingProcessFileSize?: number;
  InitiatingProcessVersionInfoCompanyName?: string;
  InitiatingProcessVersionInfoProductName?: string;
  InitiatingProcessVersionInfoProductVersion?: string;
  InitiatingProcessVersionInfoInternalFileName?: string;
  InitiatingProcessVersionInfoOriginalFileName?: string;
  InitiatingProcessVersionInfoFileDescription?: string;
  InitiatingProcessId?: number;
  InitiatingProcessCommandLine?: string;
  InitiatingProcessCreationTime?: string;
  InitiatingProcessFolderPath?: string;
  InitiatingProcessParentId?: number;
  InitiatingProcessParentFileName?: string;
  InitiatingProcessParentCreationTime?: string;
  ReportId?: number;
  AppGuardContainerId?: string;
  InitiatingProcessSessionId?: number;
  IsInitiatingProcessRemoteSession?: boolean;
  InitiatingProcessRemoteSessionDeviceName?: string;
  InitiatingProcessRemoteSessionIP?: string;
  InitiatingProcessUniqueId?: string;
  EventId?: string;
  TenantId?: string;
  IngestionTime?: string;
  EventGroup?: string;
  Outcome?: string;
  ErrorCode?: number;
  ErrorName?: string;
  InitiatingThreadId?: number;
  ConnectionId?: string;
  ContainerId?: string;
  InitiatingScriptPath?: string;
  InitiatingScriptLine?: number;
  InitiatingScriptSHA256?: string;
  AttributionLevel?: string;
  AttributionEvidence?: string;
  Techniques?: string;
  SourceRecords?: string;
  FoldedCount?: number;
  FirstSeen?: string;
  LastSeen?: string;
  ProcessScriptPath?: string;
  ProcessWorkingDirectory?: string;
  InitiatingProcessParentUniqueId?: string;
  DurationUs?: number;
  DnsQueryType?: string;
  DnsAnswers?: string;
  GapReason?: string;
  LostCount?: number;
  Terminal?: string;
  BootId?: string;
}

/** State of a device at a time: operating system, sensor, tags. */
export interface DeviceInfo {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  ClientVersion?: string;
  PublicIP?: string;
  OSArchitecture?: string;
  OSPlatform?: string;
  OSBuild?: number;
  IsAzureADJoined?: boolean;
  JoinType?: string;
  AadDeviceId?: string;
  LoggedOnUsers?: string;
  RegistryDeviceTag?: string;
  OSVersion?: string;
  MachineGroup?: string;
  ReportId?: number;
  OnboardingStatus?: string;
  AdditionalFields?: string;
  DeviceCategory?: string;
  DeviceType?: string;
  DeviceSubtype?: string;
  Model?: string;
  Vendor?: string;
  OSDistribution?: string;
  OSVersionInfo?: string;
  MergedDeviceIds?: string;
  MergedToDeviceId?: string;
  IsInternetFacing?: boolean;
  SensorHealthState?: string;
  IsExcluded?: boolean;
  ExclusionReason?: string;
  ExposureLevel?: string;
  AssetValue?: string;
  DeviceManualTags?: string;
  DeviceDynamicTags?: string;
  ConnectivityType?: string;
  HostDeviceId?: string;
  AzureResourceId?: string;
  AwsResourceName?: string;
  GcpFullResourceName?: string;
  HardwareUuid?: string;
  CloudPlatforms?: string;
  AzureVmId?: string;
  AzureVmSubscriptionId?: string;
  IsTransient?: boolean;
  OsBuildRevision?: string;
  MitigationStatus?: string;
  Site?: string;
  DiscoverySources?: string;
  TenantId?: string;
  IngestionTime?: string;
}

/** State of a network adapter of a device at a time. */
export interface DeviceNetworkInfo {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  NetworkAdapterName?: string;
  MacAddress?: string;
  NetworkAdapterType?: string;
  NetworkAdapterStatus?: string;
  TunnelType?: string;
  ConnectedNetworks?: string;
  DnsAddresses?: string;
  IPv4Dhcp?: string;
  IPv6Dhcp?: string;
  DefaultGateways?: string;
  IPAddresses?: string;
  ReportId?: number;
  NetworkAdapterVendor?: string;
  OnboardingStatus?: string;
  NetworkAdapterDnsSuffix?: string;
  TenantId?: string;
  IngestionTime?: string;
}

/** Signature and certificate of a file seen on a device. */
export interface DeviceFileCertificateInfo {
  Timestamp?: string;
  DeviceId?: string;
  DeviceName?: string;
  SHA1?: string;
  IsSigned?: boolean;
  SignatureType?: string;
  Signer?: string;
  SignerHash?: string;
  Issuer?: string;
  IssuerHash?: string;
  CertificateSerialNumber?: string;
  CrlDistributionPointUrls?: string;
  CertificateCreationTime?: string;
  CertificateExpirationTime?: string;
  CertificateCountersignatureTime?: string;
  IsTrusted?: boolean;
  IsRootSignerMicrosoft?: boolean;
  ReportId?: number;
  TenantId?: string;
  IngestionTime?: string;
}

/** One row for every alert. */
export interface AlertInfo {
  Timestamp?: string;
  AlertId?: string;
  Title?: string;
  Category?: string;
  Severity?: string;
  ServiceSource?: string;
  DetectionSource?: string;
  AttackTechniques?: string;
  TenantId?: string;
  IngestionTime?: string;
}

/** One row for every file, process, address, account or device that an alert names. */
export interface AlertEvidence {
  Timestamp?: string;
  AlertId?: string;
  Title?: string;
  Categories?: string;
  AttackTechniques?: string;
  ServiceSource?: string;
  DetectionSource?: string;
  EntityType?: string;
  EvidenceRole?: string;
  EvidenceDirection?: string;
  FileName?: string;
  FolderPath?: string;
  SHA1?: string;
  SHA256?: string;
  FileSize?: number;
  ThreatFamily?: string;
  RemoteIP?: string;
  RemoteUrl?: string;
  AccountName?: string;
  AccountDomain?: string;
  AccountSid?: string;
  AccountObjectId?: string;
  AccountUpn?: string;
  DeviceId?: string;
  DeviceName?: string;
  LocalIP?: string;
  NetworkMessageId?: string;
  EmailSubject?: string;
  Application?: string;
  ApplicationId?: number;
  OAuthApplicationId?: string;
  ProcessCommandLine?: string;
  RegistryKey?: string;
  RegistryValueName?: string;
  RegistryValueData?: string;
  AdditionalFields?: string;
  Severity?: string;
  CloudResource?: string;
  CloudPlatform?: string;
  ResourceType?: string;
  ResourceID?: string;
  SubscriptionId?: string;
  TenantId?: string;
  IngestionTime?: string;
}
