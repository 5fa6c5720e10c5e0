namespace RemoteDispatch.Fleet.Tests;

/// <summary>
/// A double of an AI agent's command line, as a profile <c>double</c> of the user's own: it keeps its words and its prompt in the task's folder and
/// prints what Claude Code prints. The variable <c>DOUBLE</c> says how it ends.
/// </summary>
internal static class DoubleAgent
{
    private const string Script = """
        #!/bin/sh
        # double-agent: the double of an AI agent.
        [ "${1-}" != --version ] || { echo "1.2.3 (double)"; exit 0; }
        printf '%s\n' "$@" >"$REMOTE_DISPATCH_WORKSPACE/double.words"
        cat >"$REMOTE_DISPATCH_WORKSPACE/double.prompt"
        session=none
        for word; do case $word in --session-id=* | --resume=*) session=${word#*=} ;; esac; done
        say() { printf '%s\n' "{\"type\":\"$1\",\"subtype\":\"$2\",\"session_id\":\"$session\"$3}"; }
        say system init ",\"model\":\"double-1\""
        case ${DOUBLE-} in
          blocked) rd blocked "which stage?" ;;
          turns) say result error_max_turns ",\"is_error\":true"; exit 1 ;;
          sleep) sleep 300 ;;
        esac
        say result success ",\"is_error\":false,\"num_turns\":2,\"result\":\"It is done.\\nAll of it.\""

        """;

    /// <summary>Puts it where an installer would put one, in the home of a program whose tasks run on this machine.</summary>
    public static void PlaceFor(Rdispatch program)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(program.Folder, ".local/bin")).FullName, "double-agent");
        File.WriteAllText(path, Script.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var profiles = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(program.HostsFile)!, "agents"));
        File.WriteAllText(Path.Combine(profiles.FullName, "double.json"), """{"agents":[{"name":"double","like":"claude","program":"double-agent"},{"name":"absent","like":"claude","program":"no-such-program-here"}]}""");
    }

    /// <summary>What it was given, in the workspace of a task on this machine.</summary>
    /// <param name="program">Whose task it is.</param>
    /// <param name="id">The task.</param>
    /// <param name="what"><c>prompt</c> or <c>words</c>.</param>
    public static string Given(Rdispatch program, string id, string what) =>
        File.ReadAllText(Path.Combine(program.Folder, ".remote-dispatch/tasks", id, $"double.{what}"));
}
