using System.Globalization;
using System.Text.RegularExpressions;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>What is said of a key that is unknown or has changed: the fingerprints, and the very command that accepts the new one.</summary>
internal static partial class HostKeyFailure
{
    /// <summary>The host shows another key than the known one.</summary>
    /// <param name="host">The host.</param>
    /// <param name="known">The fingerprint that it should have; null where it cannot be told.</param>
    /// <param name="shown">The fingerprint that it shows.</param>
    /// <param name="inner">What was behind it.</param>
    public static DispatchException Changed(DispatchHost host, string? known, string shown, Exception? inner = null) => new(
        FailureReason.HostKeyChanged,
        $"No connection to host '{host.Name}': its host key has changed. {(host.HostKeyFingerprint is null ? "Known" : "Pinned")} is {known ?? "another one"}, and it shows {shown}.",
        $"If the host was really set up anew, {Accept(host, shown)} If not, somebody stands between.", inner) { Host = host.Name };

    /// <summary>Nobody has vouched for the key that the host shows.</summary>
    public static DispatchException Unknown(DispatchHost host, string shown, Exception? inner = null) => new(
        FailureReason.HostKeyUnknown, $"No connection to host '{host.Name}': nobody has vouched for its host key {shown}.",
        $"To trust it, {Accept(host, shown)}", inner) { Host = host.Name };

    /// <summary>The fingerprints that ssh names when a key has changed: the one it was shown, and, by file and line, the one it knows.</summary>
    public static (string? Known, string? Shown) Read(string errors) =>
        (Offending().Match(errors) is { Success: true } place ? FingerprintAt(place.Groups["file"].Value, place.Groups["line"].Value) : null,
            Sent().Match(errors) is { Success: true } sent ? sent.Groups["key"].Value : null);

    private static string Accept(DispatchHost host, string shown)
    {
        var commands = host.IsAddressOnly
            ? $"'Add-DispatchHost NAME {host.Address} -HostKeyFingerprint {shown}' or 'rdispatch hosts add NAME {host.Address} --host-key {shown}'"
            : $"'Set-DispatchHost {host.Name} -HostKeyFingerprint {shown}' or 'rdispatch hosts pin {host.Name} {shown}'";
        return $"compare that with what 'ssh-keygen -lf' prints of /etc/ssh/ssh_host_*_key.pub on the host itself, then accept it: {commands}.";
    }

    private static string? FingerprintAt(string file, string line)
    {
        try
        {
            var at = int.Parse(line, CultureInfo.InvariantCulture);
            return File.ReadLines(file).Skip(at - 1).Select(HostKey.ReadLine).FirstOrDefault()?.Key.Fingerprint;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException or OverflowException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^Offending \S+ key in (?<file>.+):(?<line>\d+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Offending();

    [GeneratedRegex(@"^The fingerprint for the \S+ key sent by the remote host is\s*\n(?<key>SHA256:[A-Za-z0-9+/]{43})\.?", RegexOptions.Multiline)]
    private static partial Regex Sent();
}
