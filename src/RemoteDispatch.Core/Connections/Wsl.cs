using System.Text;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Connections;

/// <summary>
/// Why a distribution of WSL cannot be entered. Source: Microsoft's "Basic commands for WSL": <c>wsl.exe --list --quiet</c> prints the
/// names, one a line, in UTF-16. Not yet tried on Windows.
/// </summary>
internal static class Wsl
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<DispatchException> ExplainAsync(DispatchHost host, DispatchException failure, CancellationToken cancellationToken)
    {
        var answer = await LocalCommand.AskAsync(["wsl.exe", "--list", "--quiet"], Patience, cancellationToken).ConfigureAwait(false);
        if (answer is not { ExitCode: 0 })
            return failure;
        var names = ReadNames(answer.Output.Span);
        return names.Contains(host.Address.Host, StringComparer.OrdinalIgnoreCase) ? failure : new DispatchException(
            FailureReason.HostNotFound, $"WSL has no distribution '{host.Address.Host}' for host '{host.Name}'.",
            names.Count > 0 ? $"It has: {Text.OneLine(string.Join(", ", names), 200)}." : "Install one: wsl.exe --install.");
    }

    internal static IReadOnlyList<string> ReadNames(ReadOnlySpan<byte> output)
    {
        // With WSL_UTF8=1 it prints UTF-8; else every second byte of a name in ASCII is zero.
        var text = output.Contains((byte)0) ? Encoding.Unicode.GetString(output) : Encoding.UTF8.GetString(output);
        return [.. text.TrimStart('\uFEFF').Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }
}
