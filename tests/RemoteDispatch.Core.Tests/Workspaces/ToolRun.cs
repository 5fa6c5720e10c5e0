using System.Text;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>The command <c>rd</c> as a task has it, under a shell, with a workspace of its own.</summary>
internal sealed class ToolRun : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string[] _shell;

    public ToolRun(string shell)
    {
        _shell = Shells.CommandLine(shell);
        Workspace = _folder.Workspace("t");
        Directory.CreateDirectory(Workspace + "/inbox/read");
        File.WriteAllText(_folder.Path + "/rd", ShellText.Load("rd.sh"));
    }

    public string Workspace { get; }

    public string Events => Workspace + "/events";

    public void Dispose() => _folder.Dispose();

    /// <summary>Runs it with these words.</summary>
    public Task<(int ExitCode, byte[] Output, string Error)> RunAsync(params string[] words) => RunAsync([.. _shell, _folder.Path + "/rd", .. words], inTask: true);

    /// <summary>Runs a script of the shell, in which 'rd' is the command.</summary>
    public Task<(int ExitCode, byte[] Output, string Error)> ScriptAsync(string script) =>
        RunAsync([.. _shell, "-c", $"rd() {{ {string.Join(' ', _shell)} '{_folder.Path}/rd' \"$@\"; }}\ncd '{_folder.Path}'\n{script}"], inTask: true);

    public Task<(int ExitCode, byte[] Output, string Error)> RunOutsideAsync(params string[] words) => RunAsync([.. _shell, _folder.Path + "/rd", .. words], inTask: false);

    public void Write(string name, byte[] content) => File.WriteAllBytes($"{_folder.Path}/{name}", content);

    /// <summary>What was reported, as Core reads it.</summary>
    public IReadOnlyList<TaskEventLine> Lines()
    {
        var reader = new TaskEventReader(0);
        var lines = reader.Add(File.ReadAllBytes(Events));
        Assert.Empty(reader.Finish());
        return [.. lines.Select(l => l.Line)];
    }

    public TaskEventLine Line() => Assert.Single(Lines());

    private Task<(int ExitCode, byte[] Output, string Error)> RunAsync(string[] line, bool inTask) =>
        ProcessRun.OfAsync(["/usr/bin/env", "-u", "REMOTE_DISPATCH_WORKSPACE", .. inTask ? new[] { "REMOTE_DISPATCH_WORKSPACE=" + Workspace } : [], .. line], TestContext.Current.CancellationToken);

    public static string TextOf(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
