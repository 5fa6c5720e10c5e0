using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>One small file per task, which other processes read.</summary>
public sealed class LedgerTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 2, 21, 10, 0, 0, 123, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rd-ledger-");
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Another one each time, as another process would have it.
    private Ledger Ledger => new(_folder.FullName + "/tasks");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Write_of_a_task_is_found_with_everything_it_has()
    {
        var task = Task("a", "ssh://me@[fe80::1%eth0]:22") with
        {
            Host = DispatchHost.FromAddress("ssh://me@[fe80::1%eth0]:22") with { Container = ContainerChoice.Parse("web"), Capabilities = ["gpu"], WorkspaceRoot = "/srv/x", Added = Time.AddMilliseconds(-123) },
            State = TaskState.Failed, Runner = TaskRunner.Tmux, ExitCode = 7, Command = "echo 'é🎉' \"x\"", Dispatched = Time, Started = Time, Finished = Time.AddSeconds(3), Reason = "because", LogPath = "/logs/a.log", SeparateError = true, ErrorLogPath = "/logs/a.error.log",
            Process = new ProcessIdentity(1, 2, "3", "boot"),
        };
        Ledger.Write(task);
        Assert.Equal(task, Ledger.Find("a", task.HostName));
        Assert.Equal([task], Ledger.List());
        Ledger.Write(task with { State = TaskState.Lost, ExitCode = null });
        Assert.Equal(TaskState.Lost, Assert.Single(Ledger.List()).State);
        Assert.Single(Directory.GetFiles(Ledger.Folder));
    }

    [Fact]
    public void Find_of_an_id_gives_that_id_on_every_host_and_no_other()
    {
        foreach (var (id, host) in new[] { ("a", "x"), ("a", "y"), ("a.b", "x"), ("aa", "x"), ("b", "x") })
            Ledger.Write(Task(id, host));
        Assert.Equal(["x", "y"], Ledger.Find("a").Select(t => t.HostName).Order());
        Assert.Empty(Ledger.Find("c"));
        Assert.Empty(Ledger.Find("*"));
        Assert.Empty(Ledger.Find("../tasks/a"));
        Assert.Null(Ledger.Find("a", "z"));
        Refusal.Of(FailureReason.InvalidInput, () => Ledger.Find("../a", "x"));
    }

    [Fact]
    public void Forget_of_a_task_takes_it_alone_and_twice_is_no_error()
    {
        Ledger.Forget(Task("a", "x"));
        Ledger.Write(Task("a", "x"));
        Ledger.Write(Task("a", "y"));
        Ledger.Forget(Task("a", "x"));
        Ledger.Forget(Task("a", "x"));
        Assert.Equal("y", Assert.Single(Ledger.List()).HostName);
    }

    // Bug in Core (Ledger.Read): the order is that of the file names, which is that of age for generated ids only.
    [Fact]
    public void List_is_oldest_first_whatever_the_ids()
    {
        Ledger.Write(Task("z-first", "x") with { Dispatched = Time });
        Ledger.Write(Task("m-second", "x") with { Dispatched = Time.AddMinutes(1) });
        Ledger.Write(Task("a-third", "x") with { Dispatched = Time.AddMinutes(2) });
        Assert.Equal(["z-first", "m-second", "a-third"], Ledger.List().Select(t => t.Id));
    }

    [Fact]
    public void Newest_gives_the_newest_of_a_prefix_and_reads_no_more_files_than_it_gives()
    {
        Assert.Empty(Ledger.Newest("", 10));
        foreach (var minute in Enumerable.Range(0, 20))
            Ledger.Write(Task($"20260221-10{minute:00}00-000-abcdefgh", "x") with { Dispatched = Time.AddMinutes(minute) });
        // Its file alone would be an error.
        File.WriteAllText(Ledger.Folder + "/20260221-100000-000-abcdefgh~x.json", "{ no");
        Assert.Equal(["20260221-101900-000-abcdefgh", "20260221-101800-000-abcdefgh"], Ledger.Newest("2026", 2).Select(t => t.Id));
        Assert.Equal(["20260221-101100-000-abcdefgh", "20260221-101000-000-abcdefgh"], Ledger.Newest("20260221-101", 99).TakeLast(2).Select(t => t.Id));
        Assert.Equal(19, Ledger.Newest("", 99).Count);
        Assert.Empty(Ledger.Newest("x", 10));
    }

    [Fact]
    public void Newest_takes_ids_that_were_given_by_the_age_of_their_files()
    {
        Ledger.Write(Task("Nightly-1", "x") with { Dispatched = Time.AddMinutes(1) });
        Ledger.Write(Task("nightly-2", "x") with { Dispatched = Time.AddMinutes(2) });
        Ledger.Write(Task("20260221-100200-000-abcdefgh", "x") with { Dispatched = Time.AddMinutes(2) });
        File.SetLastWriteTimeUtc(Ledger.Folder + "/Nightly-1~x.json", Time.AddMinutes(1).UtcDateTime);
        File.SetLastWriteTimeUtc(Ledger.Folder + "/nightly-2~x.json", Time.AddMinutes(3).UtcDateTime);
        Assert.Equal(["nightly-2", "Nightly-1"], Ledger.Newest("NIGHT", 10).Select(t => t.Id));
        Assert.Equal(["nightly-2"], Ledger.Newest("", 1).Select(t => t.Id));
        Assert.DoesNotContain("Nightly-1", Ledger.Newest("", 2).Select(t => t.Id));
    }

    [Theory, InlineData("ssh://me@gpu1:22"), InlineData("[::1]:22"), InlineData("CORP\\me@gpu1"), InlineData("a+b@h"), InlineData("fe80::1%eth0")]
    public void Write_for_a_host_with_a_hostile_name_stays_in_the_folder(string host)
    {
        Ledger.Write(Task("a", host));
        Assert.Equal(host, Ledger.Find("a", host)!.HostName);
        var path = Assert.Single(Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories));
        Assert.Equal(Ledger.Folder, Path.GetDirectoryName(path));
        Assert.Matches(@"^a~[A-Za-z0-9._%-]+\.json$", Path.GetFileName(path));
    }

    [Fact]
    public void Write_of_the_longest_id_on_the_longest_name_fits_into_a_file_name()
    {
        var task = Task(new string('i', 64), new string('h', 128));
        Ledger.Write(task);
        Assert.Equal(task, Assert.Single(Ledger.List()));
    }

    [Theory]
    [InlineData(""), InlineData("{"), InlineData("[]"), InlineData("null"), InlineData("{}"), InlineData("{\"id\": \"a\"}"), InlineData("{\"id\": 7, \"hostName\": \"x\", \"host\": {\"address\": \"x\"}, \"state\": \"Running\"}")]
    [InlineData("{\"id\": \"../a\", \"hostName\": \"x\", \"host\": {\"address\": \"x\"}, \"state\": \"Running\"}"), InlineData("{\"id\": \"a\", \"hostName\": \"$(id)\", \"host\": {\"address\": \"x\"}, \"state\": \"Running\"}")]
    [InlineData("{\"id\": \"a\", \"hostName\": \"x\", \"host\": {\"address\": \"-x\"}, \"state\": \"Running\"}"), InlineData("{\"id\": \"a\", \"hostName\": \"x\", \"host\": {\"address\": \"x\"}, \"state\": \"Exploded\"}")]
    [InlineData("{\"id\": \"a\", \"hostName\": \"x\", \"host\": {\"address\": \"x\"}, \"state\": \"Running\", \"dispatched\": \"yesterday\"}"), InlineData("{\"id\": \"a\", \"hostName\": \"x\", \"host\": {\"address\": \"x\"}, \"state\": \"Running\", \"exitCode\": 1e99}")]
    // Bug in Core (LedgerEntry.Read): Enum.Parse takes any number, and makes a state of it that is none.
    [InlineData("{\"id\": \"a\", \"hostName\": \"x\", \"host\": {\"address\": \"x\"}, \"state\": \"42\"}")]
    public async System.Threading.Tasks.Task File_that_is_damaged_is_passed_over_told_and_left(string content)
    {
        Ledger.Write(Task("b", "x"));
        var path = Ledger.Folder + "/a~x.json";
        await File.WriteAllTextAsync(path, content, Cancel);
        var told = new List<DispatchException>();
        Assert.Equal("b", Assert.Single(Ledger.List(told.Add)).Id);
        var damaged = Assert.Single(told);
        Assert.Equal(FailureReason.DamagedFile, damaged.Reason);
        Assert.Contains(path, damaged.Message, StringComparison.Ordinal);
        Assert.Equal("b", Assert.Single(Ledger.List()).Id);
        Refusal.Of(FailureReason.DamagedFile, () => Ledger.Find("a", "x"));
        Assert.Equal(content, await File.ReadAllTextAsync(path, Cancel));
    }

    [Fact]
    public async System.Threading.Tasks.Task File_of_an_older_form_loads_with_what_it_has_and_one_of_a_newer_form_too()
    {
        Directory.CreateDirectory(Ledger.Folder);
        await File.WriteAllTextAsync(Ledger.Folder + "/old~x.json", """{"id": "old", "hostName": "x", "host": {"address": "x"}, "state": "running"}""", Cancel);
        await File.WriteAllTextAsync(Ledger.Folder + "/new~x.json", """{"version": 9, "id": "new", "hostName": "x", "host": {"address": "x", "rack": 1}, "state": "Failed", "runner": "Slurm", "more": {"a": [1]}}""", Cancel);
        var old = Ledger.Find("old", "x")!;
        Assert.Equal((TaskState.Running, "", null, null, null), (old.State, old.Command, old.Dispatched, old.ExitCode, old.Process));
        Assert.Equal((TaskState.Failed, TaskRunner.Auto), (Ledger.Find("new", "x")!.State, Ledger.Find("new", "x")!.Runner));
    }

    [Fact]
    public void List_without_a_folder_is_empty_and_drafts_of_other_writers_are_not_listed()
    {
        Assert.Empty(Ledger.List());
        Ledger.Write(Task("a", "x"));
        File.WriteAllText(Ledger.Folder + "/b~x.json.123-0.new", "{");
        Assert.Equal("a", Assert.Single(Ledger.List(e => Assert.Fail(e.Message))).Id);
    }

    [Fact]
    public async System.Threading.Tasks.Task Readers_beside_writers_see_whole_files_only()
    {
        var task = Task("a", "x") with { Command = new string('x', 10_000) };
        Ledger.Write(task);
        var writers = Enumerable.Range(0, 4).Select(_ => System.Threading.Tasks.Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
                Ledger.Write(task);
        }, Cancel)).ToArray();
        while (!writers.All(w => w.IsCompleted))
            Assert.Equal(task, Assert.Single(Ledger.List(e => Assert.Fail(e.Message))));
        await System.Threading.Tasks.Task.WhenAll(writers);
        Assert.Single(Directory.GetFiles(Ledger.Folder));
    }

    private static RemoteTask Task(string id, string host) => new() { Id = id, Host = DispatchHost.FromAddress(host), State = TaskState.Running };
}
