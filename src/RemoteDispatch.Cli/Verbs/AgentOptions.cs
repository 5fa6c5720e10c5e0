using System.CommandLine;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary>Is the SSH agent of this machine for the task, and does this program stay for it?</summary>
internal static class AgentOptions
{
    public static readonly Option<bool> Forward = new("--forward-agent")
    {
        Description = "Forward the SSH agent of this machine to the task, whenever somebody is connected for it; root on the host can use it then.",
    };
    public static readonly Option<bool> Require = new("--require-agent")
    {
        Description = "The same, and do not start the task unless an agent with a key answers on the host.",
    };
    public static readonly Option<bool> Keep = new("--keep-agent")
    {
        Description = "The same, and stay connected until the task has ended; end with its exit code. Ctrl-C lets go of the agent, and the task goes on.",
    };

    /// <summary>All of them, for the verb's options.</summary>
    public static IReadOnlyList<Option> All { get; } = [Forward, Require, Keep];

    /// <summary>What the request says of it. What is to be kept must be there.</summary>
    public static AgentForwarding Of(Invocation run) =>
        run.Get(Require) || run.Get(Keep) ? AgentForwarding.Required : run.Get(Forward) ? AgentForwarding.Forward : AgentForwarding.None;
}
