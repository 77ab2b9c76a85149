"""What EC2 tells of an instance type, as the schema has it; what a type doesn't have is empty."""

from typing import Any

from .cloud import Cloud
from .lookups import only
from .values import Properties

# The schema's names → where EC2's answer has it, by what it is where it isn't there.
_FLAGS = {
    "autoRecoverySupported": "AutoRecoverySupported",
    "bareMetal": "BareMetal",
    "burstablePerformanceSupported": "BurstablePerformanceSupported",
    "currentGeneration": "CurrentGeneration",
    "dedicatedHostsSupported": "DedicatedHostsSupported",
    "efaSupported": "NetworkInfo.EfaSupported",
    "enaSrdSupported": "NetworkInfo.EnaSrdSupported",
    "encryptionInTransitSupported": "NetworkInfo.EncryptionInTransitSupported",
    "freeTierEligible": "FreeTierEligible",
    "hibernationSupported": "HibernationSupported",
    "instanceStorageSupported": "InstanceStorageSupported",
    "ipv6Supported": "NetworkInfo.Ipv6Supported",
}
_WORDS = {
    "ebsEncryptionSupport": "EbsInfo.EncryptionSupport",
    "ebsNvmeSupport": "EbsInfo.NvmeSupport",
    "ebsOptimizedSupport": "EbsInfo.EbsOptimizedSupport",
    "enaSupport": "NetworkInfo.EnaSupport",
    "hypervisor": "Hypervisor",
    "networkPerformance": "NetworkInfo.NetworkPerformance",
    "nitroEnclavesSupport": "NitroEnclavesSupport",
    "nitroTpmSupport": "NitroTpmSupport",
    "phcSupport": "PhcSupport",
}
_EBS = "EbsInfo.EbsOptimizedInfo"
_NUMBERS = {
    "defaultCores": "VCpuInfo.DefaultCores",
    "defaultNetworkCardIndex": "NetworkInfo.DefaultNetworkCardIndex",
    "defaultThreadsPerCore": "VCpuInfo.DefaultThreadsPerCore",
    "defaultVcpus": "VCpuInfo.DefaultVCpus",
    "ebsPerformanceBaselineBandwidth": f"{_EBS}.BaselineBandwidthInMbps",
    "ebsPerformanceBaselineIops": f"{_EBS}.BaselineIops",
    "ebsPerformanceBaselineThroughput": f"{_EBS}.BaselineThroughputInMBps",
    "ebsPerformanceMaximumBandwidth": f"{_EBS}.MaximumBandwidthInMbps",
    "ebsPerformanceMaximumIops": f"{_EBS}.MaximumIops",
    "ebsPerformanceMaximumThroughput": f"{_EBS}.MaximumThroughputInMBps",
    "efaMaximumInterfaces": "NetworkInfo.EfaInfo.MaximumEfaInterfaces",
    "maximumIpv4AddressesPerInterface": "NetworkInfo.Ipv4AddressesPerInterface",
    "maximumIpv6AddressesPerInterface": "NetworkInfo.Ipv6AddressesPerInterface",
    "maximumNetworkCards": "NetworkInfo.MaximumNetworkCards",
    "maximumNetworkInterfaces": "NetworkInfo.MaximumNetworkInterfaces",
    "memorySize": "MemoryInfo.SizeInMiB",
    "sustainedClockSpeed": "ProcessorInfo.SustainedClockSpeedInGhz",
    "totalFpgaMemory": "FpgaInfo.TotalFpgaMemoryInMiB",
    "totalGpuMemory": "GpuInfo.TotalGpuMemoryInMiB",
    "totalInferenceMemory": "InferenceAcceleratorInfo.TotalInferenceMemoryInMiB",
    "totalInstanceStorage": "InstanceStorageInfo.TotalSizeInGB",
    "totalMediaMemory": "MediaAcceleratorInfo.TotalMediaMemoryInMiB",
    "totalNeuronDeviceMemory": "NeuronInfo.TotalNeuronDeviceMemoryInMiB",
}
_LISTS = {
    "bandwidthWeightings": "NetworkInfo.BandwidthWeightings",
    "bootModes": "SupportedBootModes",
    "nitroTpmSupportedVersions": "NitroTpmInfo.SupportedVersions",
    "supportedArchitectures": "ProcessorInfo.SupportedArchitectures",
    "supportedCpuFeatures": "ProcessorInfo.SupportedFeatures",
    "supportedPlacementStrategies": "PlacementGroupInfo.SupportedStrategies",
    "supportedRootDeviceTypes": "SupportedRootDeviceTypes",
    "supportedUsagesClasses": "SupportedUsageClasses",
    "supportedVirtualizationTypes": "SupportedVirtualizationTypes",
    "validCores": "VCpuInfo.ValidCores",
    "validThreadsPerCores": "VCpuInfo.ValidThreadsPerCore",
}
_DEVICE = {
    "count": "Count",
    "manufacturer": "Manufacturer",
    "memorySize": "MemoryInfo.SizeInMiB",
    "name": "Name",
}
_DEVICES = {
    "fpgas": ("FpgaInfo.Fpgas", _DEVICE),
    "gpuses": ("GpuInfo.Gpus", _DEVICE),
    "inferenceAccelerators": ("InferenceAcceleratorInfo.Accelerators", _DEVICE),
    "instanceDisks": (
        "InstanceStorageInfo.Disks",
        {"count": "Count", "size": "SizeInGB", "type": "Type"},
    ),
    "mediaAccelerators": ("MediaAcceleratorInfo.Accelerators", _DEVICE),
    "networkCards": (
        "NetworkInfo.NetworkCards",
        {
            "baselineBandwidth": "BaselineBandwidthInGbps",
            "index": "NetworkCardIndex",
            "maximumInterfaces": "MaximumNetworkInterfaces",
            "peakBandwidth": "PeakBandwidthInGbps",
            "performance": "NetworkPerformance",
        },
    ),
    "neuronDevices": (
        "NeuronInfo.NeuronDevices",
        {
            "coreCount": "CoreInfo.Count",
            "coreVersion": "CoreInfo.Version",
            "count": "Count",
            "memorySize": "MemoryInfo.SizeInMiB",
            "name": "Name",
        },
    ),
}


def get_instance_type(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up what an instance type has; an unknown one is refused by AWS."""
    name = arguments["instanceType"]
    found = cloud.client("ec2").describe_instance_types(InstanceTypes=[name])["InstanceTypes"]
    kind = only(found, f"instance type {name}")
    result: Properties = {"id": name, "instanceType": name}
    for table, missing in ((_FLAGS, False), (_WORDS, ""), (_NUMBERS, 0), (_LISTS, [])):
        result |= {ours: _at(kind, theirs, missing) for ours, theirs in table.items()}
    for ours, (place, parts) in _DEVICES.items():
        result[ours] = [
            {key: value for key, path in parts.items() if (value := _at(each, path)) is not None}
            for each in _at(kind, place, [])
        ]
    return result


def _at(answer: Any, path: str, missing: Any = None) -> Any:
    for step in path.split("."):
        if step not in answer:
            return missing
        answer = answer[step]
    return answer
