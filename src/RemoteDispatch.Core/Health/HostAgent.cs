namespace RemoteDispatch.Health;

/// <summary>Does an agent look signed in? Found out without reading any credential.</summary>
public enum SignIn
{
    /// <summary>Nothing that could be seen proves it: its key may still come with the task.</summary>
    No,

    /// <summary>A file that its sign-in writes is there, or a variable that it takes is set.</summary>
    Yes,

    /// <summary>It may keep its sign-in where nobody can look without asking: macOS's keychain.</summary>
    Unknown,
}

/// <summary>The command line of an AI agent that a host has.</summary>
/// <param name="Name">What it is called here: <c>claude</c>, <c>codex</c>, …</param>
/// <param name="Path">The program on the host.</param>
/// <param name="Version">Its version; null where it gave none.</param>
/// <param name="SignedIn">Does it look signed in?</param>
/// <param name="Proof">The file or the variable that says so; null without one.</param>
/// <param name="NeedsLoginShell">Is it on the PATH of a login shell alone? A task then finds it by its path, or through the login shell.</param>
public sealed record HostAgent(string Name, string Path, string? Version, SignIn SignedIn, string? Proof, bool NeedsLoginShell);
