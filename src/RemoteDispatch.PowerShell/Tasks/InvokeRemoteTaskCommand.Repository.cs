using System.Management.Automation;
using RemoteDispatch.PowerShell.Binding;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Tasks;

public sealed partial class InvokeRemoteTaskCommand
{
    /// <summary>Clone this repository on the host, and run there: https://…, ssh://…, git@host:path, or a path of the host. Tab offers the origin of this folder.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RepositoryCompleter))]
    public string? Repository { get; set; }

    /// <summary>The branch or tag that is checked out; without it, the remote's default branch.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Branch { get; set; }

    /// <summary>The branch that is made for the task; without it, remote-dispatch/ID.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TaskBranch { get; set; }

    /// <summary>How many commits of the history come along; 0 for all.</summary>
    [Parameter]
    [ValidateRange(0, 1_000_000)]
    public int Depth { get; set; } = 1;

    private RepositoryRequest? ReadRepository()
    {
        if (Repository is not null)
            return new RepositoryRequest { Url = Repository, Branch = Branch, TaskBranch = TaskBranch, Depth = Depth };
        string[] parts = [nameof(Branch), nameof(TaskBranch), nameof(Depth)];
        return parts.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } lonely
            ? throw new DispatchException(FailureReason.InvalidInput, $"-{lonely} is about a repository, and there is none.", "Name it with -Repository (Tab offers the origin of this folder), or leave it out.")
            : null;
    }
}
