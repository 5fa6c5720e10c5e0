using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet;

/// <summary>What each agent calls its tools, and what it wants them to be given.</summary>
internal static class ModelTools
{
    /// <summary>The call that does what a step says, with a tool that the agent offers; null where it offers none.</summary>
    public static (string Tool, JsonObject Input)? For(ModelStep step, IReadOnlyList<string> offered)
    {
        if (step.Kind == ModelStepKind.WriteFile)
        {
            if (offered.Contains("Write"))
                return ("Write", new JsonObject { ["file_path"] = step.Path, ["content"] = step.Text });
            if (offered.Contains("write"))
                return ("write", new JsonObject { ["filePath"] = step.Path, ["content"] = step.Text });
            if (offered.Contains("write_file"))
                return ("write_file", new JsonObject { ["file_path"] = step.Path, ["content"] = step.Text });
        }

        var command = step.Kind == ModelStepKind.Run ? step.Text : $"printf %s {Quoting.ForShell(step.Text)} >{Quoting.ForShell(step.Path)}";
        foreach (var tool in offered)
        {
            switch (tool)
            {
                case "Bash" or "bash" or "run_shell_command":
                    return (tool, new JsonObject { ["command"] = command, ["description"] = "A step of the test" });
                case "exec_command":
                    return (tool, new JsonObject { ["cmd"] = command });
                case "shell_command":
                    return (tool, new JsonObject { ["command"] = command });
                case "shell":
                    return (tool, new JsonObject { ["command"] = new JsonArray("sh", "-c", command) });
            }
        }

        return null;
    }
}
