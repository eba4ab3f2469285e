//! Devices, their network adapters and the certificates of files seen on them.

use crate::column::{Column, Type};

columns! {
    /// Version of the sensor on the device.
    CLIENT_VERSION: String = "ClientVersion" @ 106;
    /// Address that the device was seen from by the server.
    PUBLIC_IP: String = "PublicIP" @ 107;
    /// Processor architecture of the operating system, such as 64-bit.
    OS_ARCHITECTURE: String = "OSArchitecture" @ 108;
    /// Family of the operating system, such as Linux or Windows11.
    OS_PLATFORM: String = "OSPlatform" @ 109;
    /// Build number of the operating system.
    OS_BUILD: Long = "OSBuild" @ 110;
    /// True when the device is joined to Microsoft Entra ID.
    IS_AZURE_AD_JOINED: Bool = "IsAzureADJoined" @ 111;
    /// How the device is joined to a directory service.
    JOIN_TYPE: String = "JoinType" @ 112;
    /// Identifier of the device in Microsoft Entra ID.
    AAD_DEVICE_ID: String = "AadDeviceId" @ 113;
    /// Accounts logged on when the row was written, as a JSON array.
    LOGGED_ON_USERS: String = "LoggedOnUsers" @ 114;
    /// Tag given to the device in its own settings.
    REGISTRY_DEVICE_TAG: String = "RegistryDeviceTag" @ 115;
    /// Version of the operating system, such as 12.
    OS_VERSION: String = "OSVersion" @ 116;
    /// Group of the device, used for access rights.
    MACHINE_GROUP: String = "MachineGroup" @ 117;
    /// Whether the device is enrolled: Onboarded, Can be onboarded, Unsupported or Insufficient info.
    ONBOARDING_STATUS: String = "OnboardingStatus" @ 118;
    /// Broad category of the device, such as Endpoint or NetworkDevice.
    DEVICE_CATEGORY: String = "DeviceCategory" @ 119;
    /// Kind of device, such as Workstation, Server or Mobile.
    DEVICE_TYPE: String = "DeviceType" @ 120;
    /// Finer kind of the device within its type.
    DEVICE_SUBTYPE: String = "DeviceSubtype" @ 121;
    /// Model name given by the hardware vendor.
    MODEL: String = "Model" @ 122;
    /// Name of the hardware vendor.
    VENDOR: String = "Vendor" @ 123;
    /// Distribution of the operating system, such as Debian or WindowsServer2022.
    OS_DISTRIBUTION: String = "OSDistribution" @ 124;
    /// Further words on the operating system's version, such as its code name.
    OS_VERSION_INFO: String = "OSVersionInfo" @ 125;
    /// Earlier identities that were merged into this device, as a JSON array.
    MERGED_DEVICE_IDS: String = "MergedDeviceIds" @ 126;
    /// Identity that this device was merged into.
    MERGED_TO_DEVICE_ID: String = "MergedToDeviceId" @ 127;
    /// True when the device can be reached from the internet.
    IS_INTERNET_FACING: Bool = "IsInternetFacing" @ 128;
    /// State of the sensor: Active, Inactive, ImpairedCommunications or NoSensorData.
    SENSOR_HEALTH_STATE: String = "SensorHealthState" @ 129;
    /// True when the device is left out of vulnerability views.
    IS_EXCLUDED: Bool = "IsExcluded" @ 130;
    /// Why the device is left out.
    EXCLUSION_REASON: String = "ExclusionReason" @ 131;
    /// How exposed the device is: None, Low, Medium or High.
    EXPOSURE_LEVEL: String = "ExposureLevel" @ 132;
    /// Importance given to the device: Low, Normal or High.
    ASSET_VALUE: String = "AssetValue" @ 133;
    /// Tags given by people, as a JSON array.
    DEVICE_MANUAL_TAGS: String = "DeviceManualTags" @ 134;
    /// Tags given by rules, as a JSON array.
    DEVICE_DYNAMIC_TAGS: String = "DeviceDynamicTags" @ 135;
    /// How the device reaches the server: directly or through a proxy or relay.
    CONNECTIVITY_TYPE: String = "ConnectivityType" @ 136;
    /// Identity of the device that hosts this one, for a virtual machine or subsystem.
    HOST_DEVICE_ID: String = "HostDeviceId" @ 137;
    /// Identifier of the Azure resource that the device is.
    AZURE_RESOURCE_ID: String = "AzureResourceId" @ 138;
    /// Amazon resource name of the instance that the device is.
    AWS_RESOURCE_NAME: String = "AwsResourceName" @ 139;
    /// Full resource name of the Google Cloud instance that the device is.
    GCP_FULL_RESOURCE_NAME: String = "GcpFullResourceName" @ 140;
    /// UUID of the hardware, from its firmware tables.
    HARDWARE_UUID: String = "HardwareUuid" @ 141;
    /// Cloud platforms that the device belongs to, as a JSON array.
    CLOUD_PLATFORMS: String = "CloudPlatforms" @ 142;
    /// Identifier that Azure gave to the virtual machine.
    AZURE_VM_ID: String = "AzureVmId" @ 143;
    /// Azure subscription that the virtual machine belongs to.
    AZURE_VM_SUBSCRIPTION_ID: String = "AzureVmSubscriptionId" @ 144;
    /// True when the device was only seen for a short time on the network.
    IS_TRANSIENT: Bool = "IsTransient" @ 145;
    /// Revision of the operating system's build.
    OS_BUILD_REVISION: String = "OsBuildRevision" @ 146;
    /// Response action in force on the device, such as isolation, as a JSON object.
    MITIGATION_STATUS: String = "MitigationStatus" @ 147;
    /// Site that the device belongs to.
    SITE: String = "Site" @ 148;
    /// Sources that found the device, as a JSON array.
    DISCOVERY_SOURCES: String = "DiscoverySources" @ 149;
    /// Name of the network adapter.
    NETWORK_ADAPTER_NAME: String = "NetworkAdapterName" @ 150;
    /// Hardware address of the network adapter.
    MAC_ADDRESS: String = "MacAddress" @ 151;
    /// Kind of network adapter, such as Ethernet or Wireless80211.
    NETWORK_ADAPTER_TYPE: String = "NetworkAdapterType" @ 152;
    /// Operational state of the network adapter: Up, Down or Unknown.
    NETWORK_ADAPTER_STATUS: String = "NetworkAdapterStatus" @ 153;
    /// Tunnel protocol when the adapter is a tunnel, such as Teredo.
    TUNNEL_TYPE: String = "TunnelType" @ 154;
    /// Networks that the adapter is connected to, as a JSON array.
    CONNECTED_NETWORKS: String = "ConnectedNetworks" @ 155;
    /// Addresses of the adapter's name servers, as a JSON array.
    DNS_ADDRESSES: String = "DnsAddresses" @ 156;
    /// IPv4 address of the DHCP server.
    IPV4_DHCP: String = "IPv4Dhcp" @ 157;
    /// IPv6 address of the DHCP server.
    IPV6_DHCP: String = "IPv6Dhcp" @ 158;
    /// Addresses of the default gateways, as a JSON array.
    DEFAULT_GATEWAYS: String = "DefaultGateways" @ 159;
    /// Addresses of the adapter with their prefix lengths, as a JSON array.
    IP_ADDRESSES: String = "IPAddresses" @ 160;
    /// Vendor of the network adapter, from its hardware address.
    NETWORK_ADAPTER_VENDOR: String = "NetworkAdapterVendor" @ 161;
    /// DNS suffix of the network adapter.
    NETWORK_ADAPTER_DNS_SUFFIX: String = "NetworkAdapterDnsSuffix" @ 162;
    /// True when the file is signed.
    IS_SIGNED: Bool = "IsSigned" @ 163;
    /// Where the signature was found: Embedded or Catalog.
    SIGNATURE_TYPE: String = "SignatureType" @ 164;
    /// Name of the signer of the file.
    SIGNER: String = "Signer" @ 165;
    /// Hash of the signer's certificate.
    SIGNER_HASH: String = "SignerHash" @ 166;
    /// Name of the authority that issued the signer's certificate.
    ISSUER: String = "Issuer" @ 167;
    /// Hash of the issuing authority's certificate.
    ISSUER_HASH: String = "IssuerHash" @ 168;
    /// Serial number of the signer's certificate.
    CERTIFICATE_SERIAL_NUMBER: String = "CertificateSerialNumber" @ 169;
    /// URLs of the certificate revocation lists, as a JSON array.
    CRL_DISTRIBUTION_POINT_URLS: String = "CrlDistributionPointUrls" @ 170;
    /// When the signer's certificate was made.
    CERTIFICATE_CREATION_TIME: DateTime = "CertificateCreationTime" @ 171;
    /// When the signer's certificate expires.
    CERTIFICATE_EXPIRATION_TIME: DateTime = "CertificateExpirationTime" @ 172;
    /// When the signature was countersigned by a time stamping authority.
    CERTIFICATE_COUNTERSIGNATURE_TIME: DateTime = "CertificateCountersignatureTime" @ 173;
    /// True when the operating system's verification trusts the signature.
    IS_TRUSTED: Bool = "IsTrusted" @ 174;
    /// True when the root of the certificate chain is Microsoft's.
    IS_ROOT_SIGNER_MICROSOFT: Bool = "IsRootSignerMicrosoft" @ 175;
}
