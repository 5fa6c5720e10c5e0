using System.CommandLine;

namespace RemoteDispatch.Cli;

/// <summary>A command that does something, with the examples that its help shows.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, in a sentence or two.</param>
/// <param name="work">Does it, and returns the exit code.</param>
/// <param name="examples">Lines that can be typed as they stand.</param>
internal sealed class Verb(string name, string description, Func<Invocation, Task<int>> work, params string[] examples)
    : Command(name, description)
{
    /// <summary>Does it, and returns the exit code.</summary>
    public Func<Invocation, Task<int>> Work { get; } = work;

    /// <summary>Lines that can be typed as they stand.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
