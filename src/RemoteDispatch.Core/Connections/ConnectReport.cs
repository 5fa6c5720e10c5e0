using System.Text.RegularExpressions;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>The steps of a connect as people read them: each transport has its own, and none is named that makes no sense for it.</summary>
internal static partial class ConnectReport
{
    private static readonly string[] SshSteps = ["known", "resolve", "port", "key", "auth", "shell"];

    /// <summary>What a failure means as the status of a step.</summary>
    public static PreflightStatus StatusOf(FailureReason reason) => reason switch
    {
        FailureReason.HostNotFound => PreflightStatus.UnknownHost,
        FailureReason.NameNotResolved => PreflightStatus.DnsFailed,
        FailureReason.HostUnreachable => PreflightStatus.TcpUnreachable,
        FailureReason.ConnectionRefused => PreflightStatus.TcpRefused,
        FailureReason.HostKeyUnknown => PreflightStatus.HostKeyUnknown,
        FailureReason.HostKeyChanged => PreflightStatus.HostKeyChanged,
        FailureReason.AuthenticationUnavailable => PreflightStatus.AuthUnavailable,
        FailureReason.AuthenticationFailed => PreflightStatus.AuthFailed,
        FailureReason.ConnectTimedOut => PreflightStatus.Timeout,
        _ => PreflightStatus.Failed,
    };

    /// <summary>How ssh says that it is in, at its level VERBOSE.</summary>
    public static (string Method, string Where) ReadAuthentication(string errors)
    {
        var match = Authenticated().Match(errors);
        return match.Success ? (match.Groups["method"].Value, match.Groups["where"].Value) : ("", "");
    }

    /// <summary>The way to authenticate in one word: agent, key, tailnet, or ssh's own name for it.</summary>
    public static string Way(DispatchHost host, string method, int? agentKeys) => method switch
    {
        "publickey" => agentKeys > 0 ? "agent" : "key",
        "none" when host.Transport == Transport.Tailscale => "tailnet",
        _ => method,
    };

    /// <summary>The steps of a connect that came up. It answered all of them at once, so that they share its duration.</summary>
    public static IReadOnlyList<PreflightStep> Passed(DispatchHost host, bool isByTailnet, string user, string way, string where, TimeSpan duration)
    {
        PreflightStep Ok(string name, string detail) => new(name, PreflightStatus.Ok, duration, detail);
        var shell = Ok("shell", host.Container.Name is { } container ? $"in container {container}" : "");
        switch (host.Transport)
        {
            case Transport.Local:
                return new[] { shell };
            case Transport.Wsl:
                return new[] { Ok("distribution", host.Address.Host), shell };
        }

        var known = Ok("known", user.Length > 0 ? $"as {user}" : "");
        var key = Ok("key", host.HostKeyFingerprint is { } pin ? $"pinned {pin}" : "known");
        var auth = Ok("auth", way);
        PreflightStep[] network = where.StartsWith('[') ? [Ok("resolve", where[1..where.LastIndexOf(']')]), Ok("port", where)] : [Ok("port", where)];
        PreflightStep[] all = [known, .. network, key, auth, shell];
        return isByTailnet ? all.Prepend(Ok("tailnet", "up")).ToArray() : all;
    }

    /// <summary>The steps up to the one that failed.</summary>
    public static IReadOnlyList<PreflightStep> Failed(DispatchHost host, DispatchException failure, SshSettings? settings, PortLook? look, TimeSpan? answered, TimeSpan duration)
    {
        var status = StatusOf(failure.Reason);
        var name = NameOf(host, failure.Reason);
        var failed = new PreflightStep(name, status, duration, failure.Message, failure.Remedy);
        // Of a connect that failed for some other reason it is not known how far it came.
        if (status == PreflightStatus.Failed || host.Transport is Transport.Local or Transport.Wsl)
            return new[] { failed };
        // An array, and no other list: PowerShell counts only those from the end.
        // A time that is over proves nothing of the key and of who we are, unless ssh has said that it is in.
        PreflightStep[] before = [.. SshSteps.TakeWhile(s => s != name).Select(s => s switch
        {
            "key" or "auth" when status == PreflightStatus.Timeout && !failure.IsAuthenticated => null,
            "known" => new PreflightStep(s, PreflightStatus.Ok, TimeSpan.Zero, settings is { User.Length: > 0 } ? $"as {settings.User}" : ""),
            "resolve" when look is not null => new PreflightStep(s, PreflightStatus.Ok, look.Duration, string.Join(", ", look.Addresses)),
            "port" when look is not null => new PreflightStep(s, PreflightStatus.Ok, answered ?? duration, look.Where),
            // The way goes through a program of the user's: there is no name and no port to speak of.
            "resolve" or "port" => null,
            "key" => new PreflightStep(s, PreflightStatus.Ok, duration, host.HostKeyFingerprint is null ? "known" : "pinned"),
            _ => new PreflightStep(s, PreflightStatus.Ok, duration, ""),
        }).OfType<PreflightStep>()];
        return before.Append(failed).ToArray();
    }

    private static string NameOf(DispatchHost host, FailureReason reason) => reason switch
    {
        FailureReason.HostNotFound when host.Transport == Transport.Wsl => "distribution",
        FailureReason.HostNotFound => "known",
        FailureReason.NameNotResolved => "resolve",
        FailureReason.HostUnreachable or FailureReason.ConnectionRefused => "port",
        FailureReason.HostKeyUnknown or FailureReason.HostKeyChanged => "key",
        FailureReason.AuthenticationUnavailable when host.Transport == Transport.Tailscale => "tailnet",
        FailureReason.AuthenticationUnavailable or FailureReason.AuthenticationFailed => "auth",
        _ => "shell",
    };

    [GeneratedRegex("""^Authenticated to \S+ \((?<where>via proxy|\[[0-9A-Fa-f.:%a-z]+\]:[0-9]+)\) using "(?<method>[a-z-]+)"\.""", RegexOptions.Multiline)]
    private static partial Regex Authenticated();
}
