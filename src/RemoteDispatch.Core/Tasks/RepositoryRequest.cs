using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RemoteDispatch.Connections;

namespace RemoteDispatch.Tasks;

/// <summary>
/// A repository that a task works in: cloned on the host into its workspace, on a branch of its own. <see cref="RemoteTask.Repository"/> says
/// what became of it.
/// </summary>
public sealed partial record RepositoryRequest
{
    /// <summary>The longest address, in characters.</summary>
    public const int LongestUrl = 2000;

    /// <summary>
    /// What is cloned, as the host sees it: <c>https://…</c>, <c>ssh://…</c>, <c>git@host:path</c>, <c>file:///…</c> or an absolute path there. It
    /// holds no secret: what signs in is the task's token, its SSH agent, or the host's own.
    /// </summary>
    public required string Url { get; init; }

    /// <summary>The branch or tag that is checked out; null for the remote's default branch.</summary>
    public string? Branch { get; init; }

    /// <summary>The branch that is made for the task; null for <c>remote-dispatch/ID</c>.</summary>
    public string? TaskBranch { get; init; }

    /// <summary>How many commits of its history come along; 0 for all. One.</summary>
    public int Depth { get; init; } = 1;

    /// <summary>The earlier task of the same host whose clone is gone on with, as that left it; null for a clone of the task's own.</summary>
    internal string? Of { get; init; }

    /// <summary>As part of a plan, in words.</summary>
    public override string ToString()
    {
        if (Of is not null)
            return $"in the clone of {Text.OneLine(Url, 150)} that the task {Of} has left";
        var branch = Branch is null ? "" : $" at {Branch}";
        var depth = Depth switch { 0 => ", whole", 1 => "", _ => string.Create(CultureInfo.InvariantCulture, $", {Depth} commits deep") };
        return $"in a clone of {Text.OneLine(Url, 150)}{branch}{depth}, on {(TaskBranch is null ? "a branch of its own" : $"the branch {TaskBranch}")}";
    }

    /// <summary>An address without what might be a secret in it, where that leaves one: for an offer.</summary>
    /// <returns>Null where it is nothing that can be cloned.</returns>
    public static string? Offer(string url)
    {
        url = url.Trim();
        var bare = WebPattern().IsMatch(url) && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.UserInfo.Length > 0
            ? address.Scheme + "://" + url[(url.IndexOf('@', StringComparison.Ordinal) + 1)..] : url;
        return WhyNot(bare) is null ? bare : null;
    }

    /// <summary>The task's branch.</summary>
    internal string BranchOf(TaskId id)
    {
        if (TaskBranch is not null)
            return TaskBranch;
        // An id may have what a branch may not: two dots, a dot at the end, '.lock'.
        var name = "remote-dispatch/" + id.Value;
        return IsBranch(name) ? name : $"remote-dispatch/{id.Value.Replace('.', '-')}";
    }

    internal void Validate(TaskRequest request)
    {
        if (WhyNot(Url) is { } why)
            throw Invalid(why, Url.Contains('@', StringComparison.Ordinal) && WebPattern().IsMatch(Url)
                ? "Leave the name and the password out: give the task a token (-ScopedToken, --scoped-token, or a credential GH_TOKEN)."
                : "Write https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH, file:///PATH, or an absolute path on the host.");
        foreach (var branch in new[] { Branch, TaskBranch })
        {
            if (branch is not null && !IsBranch(branch))
                throw Invalid($"{Text.Show(branch)} is no name of a branch.", "Take one that 'git check-ref-format --branch' accepts, of at most 200 characters.");
        }

        if (Depth is < 0 or > 1_000_000)
            throw Invalid("A depth is a number of commits, at most a million.", "Use 1 for the newest alone, 0 for all.");
        if (request.WorkingDirectory is { } folder && (folder[0] is '/' or '~' || folder.Split('/').Contains("..", StringComparer.Ordinal)))
            throw Invalid($"The working directory {Text.Show(folder)} is not below the repository.", "Name a folder of the repository, relative to its top; or leave the repository out to use a folder of the host.");
        if (request.Sandbox is not null && Of is not null)
            throw Invalid("A sandbox does not see the clone of another task.", "Go on without a sandbox, or clone the repository anew.");
        if (request.Sandbox is { NoNetwork: true } && LocalPath is null)
            throw Invalid("A sandbox without network cannot clone a repository: the clone is made inside.", "Leave one of the two out, or name a repository on the host's own disk.");
    }

    /// <summary>Where it is, on the host's own disk; null where it is elsewhere.</summary>
    internal string? LocalPath => Url[0] == '/' ? Url
        : Url.StartsWith("file:///", StringComparison.OrdinalIgnoreCase) ? Uri.UnescapeDataString(Url["file://".Length..]) : null;

    /// <summary>Is it reached by ssh?</summary>
    internal bool UsesSsh => LocalPath is null && !WebPattern().IsMatch(Url);

    /// <summary>For <c>task.json</c> and the digest: what is asked for.</summary>
    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["url"] = Url };
        if (Branch is not null)
            json["branch"] = Branch;
        if (TaskBranch is not null)
            json["taskBranch"] = TaskBranch;
        if (Depth != 1)
            json["depth"] = Depth;
        if (Of is not null)
            json["of"] = Of;
        return json;
    }

    /// <summary>The text for the wrapper: what clones it, and how that is told.</summary>
    /// <param name="id">The task.</param>
    /// <param name="request">The task's request.</param>
    internal string ToShellText(TaskId id, TaskRequest request)
    {
        // A sandbox has no mirror: what other tasks may read is not for it, and it may write nothing that others use.
        var mirror = request.Sandbox is null && Url[0] != '/' ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Url)))[..32] : "";
        var script = new StringBuilder();
        foreach (var (name, value) in new[]
        {
            ("url", Url), ("branch", Branch ?? ""), ("task_branch", BranchOf(id)), ("depth", Depth.ToString(CultureInfo.InvariantCulture)),
            ("folder", request.WorkingDirectory ?? ""), ("token", TokenAddress.Of(request)), ("mirror", mirror), ("of", Of ?? ""),
        })
            script.Append("rd_").Append(name).Append('=').Append(ShellQuote.Quote(value)).Append('\n');
        script.Append(ShellText.Load("checkout.sh"));
        return $"rd_repo_text={ShellQuote.Quote(script.ToString())}\nrd_repo_url={ShellQuote.Quote(Text.OneLine(Url, 120))}\n"
            + $"rd_repo_branch={ShellQuote.Quote(Text.OneLine(Branch ?? "", 60))} rd_repo_folder={ShellQuote.Quote(Text.OneLine(request.WorkingDirectory ?? "", 60))}\n"
            + ShellText.Load("repo.sh") + "\n";
    }

    /// <summary>The rules of git-check-ref-format(1) for a branch, and that it is no option and nothing that a terminal obeys.</summary>
    internal static bool IsBranch(string name) =>
        name.Length is > 0 and <= 200 && BranchPattern().IsMatch(name) && name is not ("HEAD" or "@") && !name.Contains("..", StringComparison.Ordinal)
        && !name.Contains("@{", StringComparison.Ordinal) && name[^1] != '.' && !name.Any(char.IsSurrogate) && Text.OneLine(name, 200) == name
        && name.Split('/').All(p => p.Length > 0 && p[0] != '.' && !p.EndsWith(".lock", StringComparison.OrdinalIgnoreCase));

    private static string? WhyNot(string url)
    {
        // What may be a password is not repeated.
        var no = $"{Text.Show(SecretPattern().Replace(url.Length > 100 ? url[..100] : url, "$1***@"))} is no address of a repository.";
        if (url.Length is 0 or > LongestUrl || url[0] is '-' or ' ' || url.Any(c => char.IsControl(c) || char.IsSurrogate(c) || c == '\ufffd'))
            return no;
        if (!WebPattern().IsMatch(url))
            return url[0] == '/' || FilePattern().IsMatch(url) || SshPattern().IsMatch(url) || ScpPattern().IsMatch(url) ? null : no;
        if (url.Any(char.IsWhiteSpace) || !Uri.TryCreate(url, UriKind.Absolute, out var web) || web.Host.Length == 0 || web.AbsolutePath.Length < 2)
            return no;
        if (web.UserInfo.Length > 0 || web.Query.Length > 0 || web.Fragment.Length > 0)
            return $"The address of the repository at {web.Host} holds a user, a password or a query: it would be written down in many places.";
        return web.Scheme == Uri.UriSchemeHttps || web.IsLoopback ? null : $"{Text.Show(url)} is in the clear: what signs in there could be read on the way.";
    }

    private static DispatchException Invalid(string message, string remedy) => new(FailureReason.InvalidInput, message, remedy);

    [GeneratedRegex(@"(\A|//)[^/@]*@")]
    private static partial Regex SecretPattern();

    [GeneratedRegex(@"\A[^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*\z")]
    private static partial Regex BranchPattern();

    [GeneratedRegex(@"\Ahttps?://[^@\s]", RegexOptions.IgnoreCase)]
    private static partial Regex WebPattern();

    [GeneratedRegex(@"\Afile:///.+\z", RegexOptions.IgnoreCase)]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"\Assh://([A-Za-z0-9_][A-Za-z0-9._+-]*@)?([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/[^-].*\z", RegexOptions.IgnoreCase)]
    private static partial Regex SshPattern();

    // Not 'ext::…', which would be a program's name.
    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9._+-]*@)?([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):(?!//|:|-|\\|[^/]*@).+\z")]
    private static partial Regex ScpPattern();
}
