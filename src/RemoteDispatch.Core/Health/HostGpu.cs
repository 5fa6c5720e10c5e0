namespace RemoteDispatch.Health;

/// <summary>A GPU of a host, as <c>nvidia-smi</c> knows it.</summary>
/// <param name="Model">Its name.</param>
/// <param name="TotalBytes">Its memory; null where it has none of its own.</param>
/// <param name="FreeBytes">What of it is free; null where that is not known.</param>
public sealed record HostGpu(string Model, long? TotalBytes, long? FreeBytes);
