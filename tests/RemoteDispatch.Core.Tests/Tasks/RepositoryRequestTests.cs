using RemoteDispatch.Core.Tests.Workspaces;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>What may be cloned, under which names, and who gets a token.</summary>
public sealed class RepositoryRequestTests
{
    private static readonly TaskRequest Plain = new() { Command = "true" };

    public static TheoryData<string> GoodUrls =>
    [
        "https://github.com/octo/site", "https://github.com/octo/site.git", "https://git.example.com:8443/a/b%20c", "http://127.0.0.1:8080/x.git", "http://localhost/x",
        "ssh://git@example.com/octo/site.git", "ssh://example.com:2222/~/x", "ssh://git@[::1]:22/x", "git@github.com:octo/site.git", "h2:/srv/it's a repository.git", "alias:x",
        "file:///srv/git/x.git", "/srv/git/x.git", "/srv/a b/$(id)",
    ];

    public static TheoryData<string> BadUrls =>
    [
        "", " ", "x", "./x", "../x", "~/x", "-x", "--upload-pack=id", "https://", "https://github.com", "https://github.com/", "https://user:password@/x", "https://token@github.com/octo/site", "https://user:password@github.com/octo/site",
        "https://github.com/octo/site?private_token=x", "https://github.com/octo/site#x", "http://github.com/octo/site", "https://github.com/a b", "ftp://example.com/x", "git://example.com/x",
        "ext::sh -c id", "ext:://x", "fd::3", "git@github.com:-x", "user:password@example.com:x", "git@github.com:", "ssh://-oProxyCommand=id/x", "ssh://git:password@example.com/x", "ssh://example.com/-x", "-oProxyCommand=id:x",
        "file://server/x", "file:x\ny", "/srv/x\n", "/srv/x\0", "git@github.com:x\u001b[2J", "C:\\work\\site", "/\ud83d", "https://" + "github.com/" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u0085",
    ];

    public static TheoryData<string> GoodBranches => ["main", "feature/x", "v1.0", "a-b_c+d", "é/漢", "#12", "a@b", "refs"];

    public static TheoryData<string> BadBranches =>
    [
        "", "-x", "--all", "a b", "a..b", "a.lock", "a.lock/b", ".a", "a/.b", "a.", "/a", "a/", "a//b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "@", "HEAD", "a\nb", "a\u007f", "a\0",
        // Git takes these; a terminal may obey them.
        "a\u009b2Jb", "a\u202eb",
    ];

    [Theory, MemberData(nameof(GoodUrls))]
    public void Address_that_can_be_cloned_is_taken(string url) => (Plain with { Repository = new() { Url = url } }).Validate();

    [Theory, MemberData(nameof(BadUrls))]
    public void Address_that_is_none_or_holds_a_secret_is_refused_and_no_secret_is_repeated(string url)
    {
        var refused = Assert.Throws<DispatchException>(() => (Plain with { Repository = new() { Url = url } }).Validate());
        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.DoesNotContain(refused.Message + refused.Remedy, c => char.IsControl(c));
        Assert.False(url.Contains('@', StringComparison.Ordinal) && (refused.Message + refused.Remedy).Contains("password@", StringComparison.Ordinal));
    }

    [Fact]
    public void Address_that_is_too_long_is_refused() =>
        Assert.Throws<DispatchException>(() => (Plain with { Repository = new() { Url = "https://github.com/" + new string('x', 2000) } }).Validate());

    [Theory, MemberData(nameof(GoodBranches))]
    public async Task Branch_that_git_takes_is_taken(string name)
    {
        (Plain with { Repository = new() { Url = "/x", Branch = name, TaskBranch = name } }).Validate();
        Assert.Equal(name, await GitOrigin.GitAsync("check-ref-format", "--branch", name));
    }

    [Theory, MemberData(nameof(BadBranches))]
    public void Branch_that_git_does_not_take_is_refused(string name)
    {
        Assert.Throws<DispatchException>(() => (Plain with { Repository = new() { Url = "/x", Branch = name } }).Validate());
        Assert.Throws<DispatchException>(() => (Plain with { Repository = new() { Url = "/x", TaskBranch = name } }).Validate());
    }

    [Theory]
    [InlineData("t1408.2", "remote-dispatch/t1408.2"), InlineData("a..b", "remote-dispatch/a--b"), InlineData("a.lock", "remote-dispatch/a-lock"), InlineData("a.", "remote-dispatch/a-")]
    public void Branch_of_a_task_is_named_after_its_id_and_can_be_one(string id, string branch)
    {
        Assert.Equal(branch, new RepositoryRequest { Url = "/x" }.BranchOf(TaskId.Parse(id)));
        Assert.True(RepositoryRequest.IsBranch(branch));
        Assert.Equal("mine", new RepositoryRequest { Url = "/x", TaskBranch = "mine" }.BranchOf(TaskId.Parse(id)));
    }

    [Theory, InlineData("/srv"), InlineData("~/x"), InlineData("~"), InlineData("../x"), InlineData("a/../../b")]
    public void Working_directory_that_is_not_below_the_repository_is_refused(string folder)
    {
        var refused = Assert.Throws<DispatchException>(() => (Plain with { WorkingDirectory = folder, Repository = new() { Url = "/x" } }).Validate());
        Assert.Contains("not below the repository", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sandbox_without_network_is_refused_where_the_clone_would_need_one()
    {
        var box = new SandboxRequest { NoNetwork = true };
        Assert.Throws<DispatchException>(() => (Plain with { Sandbox = box, Repository = new() { Url = "https://github.com/a/b" } }).Validate());
        (Plain with { Sandbox = box, Repository = new() { Url = "file:///srv/x" } }).Validate();
    }

    [Fact]
    public void Request_with_a_repository_is_another_one_says_so_in_its_plan_and_reads_back()
    {
        var id = TaskId.Parse("x");
        var one = Plain with { Repository = new() { Url = "https://github.com/octo/site", Branch = "main", Depth = 5 } };
        TaskRequest[] all = [Plain, one, one with { Repository = one.Repository with { Branch = null } }, one with { Repository = one.Repository with { TaskBranch = "x" } }, one with { Repository = one.Repository with { Depth = 0 } }];
        Assert.Equal(all.Length, all.Select(r => r.Digest()).Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain("repository", Plain.ToJson(id, DateTimeOffset.UnixEpoch), StringComparison.Ordinal);
        var seen = TaskRepository.ReadRequest(System.Text.Json.Nodes.JsonNode.Parse(one.ToJson(id, DateTimeOffset.UnixEpoch))!["repository"], "x")!;
        Assert.Equal(new TaskRepository { Url = "https://github.com/octo/site", Branch = "remote-dispatch/x" }, seen);
        Assert.Contains(
            "true in a clone of https://github.com/octo/site at main, 5 commits deep, on a branch of its own, in its folder sub",
            DispatchPlan.Of(RemoteDispatch.Hosts.DispatchHost.Local, one with { WorkingDirectory = "sub" }).ToString(), StringComparison.Ordinal);
        // The folder is entered in the clone, and not by the wrapper.
        Assert.Equal("", (one with { WorkingDirectory = "sub" }).ToOrder(id, DateTimeOffset.UnixEpoch).WorkingDirectory);
    }

    [Theory]
    [InlineData("https://api.github.com", "https://github.com"), InlineData("https://api.octo.ghe.com", "https://octo.ghe.com"), InlineData("https://git.example.com/api/v3", "https://git.example.com")]
    [InlineData("https://git.example.com:8443/api/v3", "https://git.example.com:8443"), InlineData("http://127.0.0.1:5000/api/v3", "http://127.0.0.1:5000"), InlineData("https://api.evil-ghe.com", "https://api.evil-ghe.com")]
    public void Token_is_for_the_server_whose_api_made_it(string api, string address) => Assert.Equal(address, TokenAddress.Of(new Uri(api)));

    [Fact]
    public void Only_a_task_with_the_token_has_an_address_for_it()
    {
        Assert.Equal("", TokenAddress.Of(Plain));
        Assert.Equal("", TokenAddress.Of(Plain with { Credentials = [CredentialGrant.Create("OTHER_TOKEN", "secret")] }));
        Assert.Equal("https://github.com", TokenAddress.Of(Plain with { Credentials = [CredentialGrant.Create("GH_TOKEN", "secret")] }));
    }

    [Theory]
    [InlineData("https://user:secret@github.com/a/b\n", "https://github.com/a/b"), InlineData("git@github.com:a/b.git\n", "git@github.com:a/b.git"), InlineData("https://github.com/a/b", "https://github.com/a/b")]
    [InlineData("../elsewhere", null), InlineData("ext::sh -c id", null), InlineData("", null)]
    public void Origin_is_offered_without_a_password_and_only_where_it_could_be_cloned(string origin, string? offer) => Assert.Equal(offer, RepositoryRequest.Offer(origin));

    [Fact]
    public async Task Origin_of_the_callers_folder_is_found_and_where_there_is_none_nothing()
    {
        using var folder = new TestFolder();
        await GitOrigin.GitAsync("init", "-q", folder.Path + "/here/deep");
        Assert.Null(await CallerOrigin.FindAsync(folder.Path + "/here/deep", TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        await GitOrigin.GitAsync("-C", folder.Path + "/here/deep", "remote", "add", "origin", "git@github.com:octo/site.git");
        Assert.Equal("git@github.com:octo/site.git", await CallerOrigin.FindAsync(folder.Path + "/here/deep", TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Null(await CallerOrigin.FindAsync(folder.Path + "/nowhere", TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Lines_that_cannot_be_are_none_whatever_stands_in_them()
    {
        var clean = new TaskRepository { Url = "/x", Branch = "mine" };
        Assert.Equal(clean, clean.With(["before abc", "after " + new string('g', 40), "before " + new string('A', 40), "branch -x", "branch a\u001b[2J", "branch a\u009b2J", "base ..", "commits -1", "commits 99999999999999999999", "dirty maybe", "", "nonsense", "before"]));
        Assert.Equal(clean with { Before = new string('a', 64), Commits = 2, IsDirty = false, IsPushed = true, Base = "HEAD", Branch = "x" },
            clean.With(["before " + new string('a', 64), "commits 2", "dirty no", "pushed yes", "base HEAD", "branch x"]));
    }
}
