using System.Diagnostics;
using System.Text;

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>Processes that nobody needs any more, on either side.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Waits until no process on the hosts' side lives in a host's home, and none on ours knows the fleet's ssh_config; a connection's end
    /// takes a moment to reach everybody.
    /// </summary>
    public static async Task AssertNoneAsync(ProxiedFleet network)
    {
        var clock = Stopwatch.StartNew();
        while (Of(network) is { Count: > 0 } left)
        {
            Assert.True(clock.Elapsed < Patience, string.Join('\n', left));
            await Task.Delay(20, Bench.Cancel);
        }
    }

    private static List<string> Of(ProxiedFleet network) =>
        [.. Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])).Select(d => (Words: Read(d + "/cmdline"), Variables: Read(d + "/environ")))
            .Where(p => p.Variables.Contains($"HOME={network.Fleet.Directory}/", StringComparison.Ordinal) || p.Words.Contains(network.SshConfigPath, StringComparison.Ordinal))
            .Select(p => p.Words)];

    private static string Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file)).Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
