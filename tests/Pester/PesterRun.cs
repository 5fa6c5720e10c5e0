using System.Diagnostics;

namespace RemoteDispatch.Pester;

/// <summary>One run of the whole suite by a real pwsh, for all tests of this project.</summary>
public sealed class PesterRun : IAsyncLifetime
{
    // RunPester.ps1 says with it that pwsh or Pester is missing or too old; the reason is its last line.
    private const int MissingCode = 3;
    private const int TailLines = 40;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan EndOfOutput = TimeSpan.FromSeconds(5);

    private readonly List<string> _output = [];
    private readonly Dictionary<(string, string), Outcome> _outcomes = [];

    /// <summary>What this machine lacks, and how to get it; null where nothing is missing.</summary>
    public string? Missing { get; private set; }

    /// <summary>How the run itself came to its end, where that was not as it should be.</summary>
    public string? Trouble { get; private set; }

    internal IReadOnlyCollection<Outcome> Outcomes => _outcomes.Values;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (FindPwsh() is not { } pwsh)
        {
            Missing = "pwsh is not on the PATH: install PowerShell 7.6 or newer (https://aka.ms/powershell), then Pester with "
                + "'Install-PSResource Pester'.";
            return;
        }

        var results = Path.GetTempFileName();
        try
        {
            await RunAsync(pwsh, results);
            foreach (var outcome in Outcome.ReadAll(results))
                _outcomes[outcome.Key] = outcome;
        }
        finally
        {
            File.Delete(results);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>What Pester said of a sentence, or of its whole file; null where it said nothing.</summary>
    internal Outcome? Find(string file, IReadOnlyList<string> path) =>
        _outcomes.GetValueOrDefault(Outcome.KeyOf(file, path)) ?? _outcomes.GetValueOrDefault(Outcome.KeyOf(file, []));

    /// <summary>The end of what pwsh printed.</summary>
    public string Tail()
    {
        lock (_output)
            return string.Join('\n', _output.TakeLast(TailLines));
    }

    private async Task RunAsync(string pwsh, string results)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(pwsh) };
        var start = process.StartInfo;
        string[] arguments =
        [
            "-NoProfile", "-NonInteractive", "-File", Path.Combine(Places.Suite, "RunPester.ps1"),
            "-Module", Places.Module, "-Fleet", Places.Fleet, "-Result", results,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["NO_COLOR"] = "1";
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        using var limit = new CancellationTokenSource(Limit);
        if (!await EndsAsync(process, limit.Token))
        {
            // It alone: the fleet hears the end of its input, and ends whatever runs below its folder.
            process.Kill();
            Trouble = $"pwsh had not ended after {Limit.TotalMinutes} minutes and was killed";
            return;
        }

        if (process.ExitCode == MissingCode)
            Missing = Tail().Split('\n')[^1];
        else if (process.ExitCode is not (0 or 1))
            Trouble = $"pwsh ended with code {process.ExitCode}";
    }

    /// <summary>Waits for the process's end, and then only so long for its output: something that it left behind may hold that open.</summary>
    private static async Task<bool> EndsAsync(Process process, CancellationToken limit)
    {
        try
        {
            // Not WaitForExitAsync alone: that waits for the end of the output too.
            var end = process.WaitForExitAsync(limit);
            while (!process.HasExited)
                await Task.WhenAny(end, Task.Delay(100, limit)).WaitAsync(limit);
            await Task.WhenAny(end, Task.Delay(EndOfOutput, limit));
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Hear(string? line)
    {
        lock (_output)
        {
            if (!string.IsNullOrWhiteSpace(line))
                _output.Add(line);
        }
    }

    private static string? FindPwsh() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh")).FirstOrDefault(File.Exists);
}
