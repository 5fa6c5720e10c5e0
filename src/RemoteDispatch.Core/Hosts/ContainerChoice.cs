using System.Text.RegularExpressions;

namespace RemoteDispatch.Hosts;

/// <summary>Where on the host a task runs: on the host itself, in the container that is marked for it, or in a named one.</summary>
public sealed partial record ContainerChoice
{
    /// <summary>On the host itself.</summary>
    public static readonly ContainerChoice None = new("none");

    /// <summary>
    /// In the host's only running container that carries the label <c>remote-dispatch</c>, and on the host itself where
    /// there is none. Two are an error that names them.
    /// </summary>
    public static readonly ContainerChoice Auto = new("auto");

    private ContainerChoice(string text) => Value = text;

    /// <summary><c>none</c>, <c>auto</c> or the container's name, as the inventory has it.</summary>
    public string Value { get; }

    /// <summary>The container's name or id; null for <see cref="None"/> and <see cref="Auto"/>.</summary>
    public string? Name => this == None || this == Auto ? null : Value;

    /// <summary>Reads <c>none</c>, <c>auto</c>, or the name of a container; nothing at all is <see cref="None"/>.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: no container can have that name.</exception>
    public static ContainerChoice Parse(string? text) => text switch
    {
        null or "" or "none" => None,
        "auto" => Auto,
        _ when NamePattern().IsMatch(text) => new ContainerChoice(text),
        _ => throw new DispatchException(
            FailureReason.InvalidInput, $"{Text.Show(text)} is no container's name.",
            "Use 'auto', 'none', or the name that 'docker ps' shows."),
    };

    /// <inheritdoc/>
    public override string ToString() => Value;

    // Docker's own rule for names; podman's is the same.
    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]*\z")]
    private static partial Regex NamePattern();
}
