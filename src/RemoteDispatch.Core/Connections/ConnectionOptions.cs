namespace RemoteDispatch.Connections;

/// <summary>How connections are made and kept. The defaults are for people and for scheduled tasks alike.</summary>
public sealed record ConnectionOptions
{
    /// <summary>How long a connect may take in all: both attempts, and login scripts. 15 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The pause between the two attempts. 2 seconds.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a connected host may take to answer a request; more costs the channel. 60 seconds.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a channel stays open when nobody uses it. 5 minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Extra options for ssh; null takes those of <see cref="SshOptions.Variable"/>.</summary>
    public IReadOnlyList<string>? SshOptions { get; init; }

    /// <summary>The file of the pinned host keys; it is the module's own, the user's known_hosts is never written.</summary>
    public string KnownHostsFile { get; init; } = UserFolders.KnownHostsFile;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hears of each step, from whatever thread it happens on; null for nobody.</summary>
    public Action<WorkStep>? Observer { get; init; }

    /// <summary>Does the ssh of this machine know the option KnownHostsCommand (OpenSSH 8.5)?</summary>
    internal bool HasKnownHostsCommand { get; init; } = true;

    /// <summary>The shell at the end of the hops, for the tests of the contract under several shells.</summary>
    internal IReadOnlyList<string>? Shell { get; init; }
}
