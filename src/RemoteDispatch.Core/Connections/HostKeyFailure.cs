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

    /// <summary>ssh's last word where it is about the key of the host that it connects to.</summary>
    public static bool IsLastWord(string lastLine) => lastLine == "Host key verification failed.";

    /// <summary>The same word of the ssh that goes through a jump host: then ours loses a connection that has no address of its own.</summary>
    public static bool IsOfJump(IReadOnlyList<string> lines) =>
        lines.Count > 1 && lines[^1].Contains("UNKNOWN port 65535", StringComparison.Ordinal) && lines.SkipLast(1).TakeLast(2).Any(IsLastWord);

    /// <summary>What ssh says of a key: changed, with the fingerprints where it names them, or unknown.</summary>
    public static DispatchException Of(DispatchHost host, string errors, IReadOnlyList<string> lines)
    {
        var hasChanged = HasChanged().IsMatch(errors);
        if (hasChanged && Sent().Match(errors) is { Success: true } sent)
            return Changed(host, host.HostKeyFingerprint ?? KnownIn(errors), sent.Groups["key"].Value);
        var said = Said(lines);
        // A host on another port stands in known_hosts in brackets.
        var name = host.Address.Port is null or 22 ? host.Address.Host : $"'[{host.Address.Host}]:{host.Address.Port}'";
        return hasChanged
            ? new DispatchException(
                FailureReason.HostKeyChanged, $"No connection to host '{host.Name}': {said}.",
                $"If the host was really set up anew, remove its old key with 'ssh-keygen -R {name}' and connect once by hand; if not, somebody stands between.") { Host = host.Name }
            : new DispatchException(
                FailureReason.HostKeyUnknown, $"No connection to host '{host.Name}': {said}.",
                $"Connect once by hand with 'ssh {host.Address}', compare the fingerprint with the host's own, and accept it.") { Host = host.Name };
    }

    /// <summary>What it says of the key of a jump host. ssh goes there by itself, by the user's own ssh_config, and no pin of ours is asked.</summary>
    public static DispatchException OfJump(DispatchHost host, IReadOnlyList<string> lines) => new(
        HasChanged().IsMatch(string.Join('\n', lines)) ? FailureReason.HostKeyChanged : FailureReason.HostKeyUnknown,
        $"No connection to host '{host.Name}': the key of a jump host on the way is not the known one: {Said(lines)}.",
        "Connect to the jump host once by hand, compare the fingerprint with its own, and accept it, or remove an old key with 'ssh-keygen -R'.") { Host = host.Name };

    private static string Said(IReadOnlyList<string> lines) =>
        Text.OneLine((lines.LastOrDefault(l => Speaks().IsMatch(l)) ?? lines.Last(IsLastWord)).Trim('@', ' ').TrimEnd('.'), 300);

    /// <summary>The fingerprint of the line that ssh names as the known one.</summary>
    private static string? KnownIn(string errors) =>
        Offending().Match(errors) is { Success: true } place ? FingerprintAt(place.Groups["file"].Value, place.Groups["line"].Value) : null;

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
            // A regular file has a length; a pipe or a device has none, and could be read for ever.
            if (new FileInfo(file) is not { Exists: true, Length: > 0 and < 64 << 20 })
                return null;
            return File.ReadLines(file).Skip(at - 1).Select(HostKey.ReadLine).FirstOrDefault()?.Key.Fingerprint;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException or OverflowException)
        {
            return null;
        }
    }

    [GeneratedRegex("REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed|REVOKED HOST KEY")]
    private static partial Regex HasChanged();

    [GeneratedRegex("Host key for .* has changed|REVOKED HOST KEY|No .* host key is known for")]
    private static partial Regex Speaks();

    [GeneratedRegex(@"^Offending \S+ key in (?<file>.+):(?<line>[0-9]{1,9})\s*$", RegexOptions.Multiline)]
    private static partial Regex Offending();

    [GeneratedRegex(@"^The fingerprint for the \S+ key sent by the remote host is\s*\n(?<key>SHA256:[A-Za-z0-9+/]{43})\.?", RegexOptions.Multiline)]
    private static partial Regex Sent();
}
