using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>A limit of the workers in the inventory's file: as people write it, and what is wrong with it named.</summary>
public sealed class WorkerLimitTests : IDisposable
{
    private readonly InventoryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Limit_is_read_as_numbers_and_as_people_write_it()
    {
        var wanted = new WorkerLimit { MaxWorkers = 4, MemoryPerWorker = 2L << 30, MemoryReserve = 1L << 30, StartInterval = TimeSpan.FromSeconds(90) };
        Assert.Equal(wanted, Read("""{"maxWorkers": 4, "memoryPerWorker": "2GB", "memoryReserve": 1073741824, "startInterval": "1m30s"}"""));
        Assert.Equal(wanted, Read("""{"maxWorkers": 4, "memoryPerWorker": 2147483648, "memoryReserve": "1 GiB", "startInterval": 90}"""));
        Assert.Equal(WorkerLimit.None, Read("{}"));
        Assert.Equal(WorkerLimit.None, Read("""{"maxWorkers": 0, "memoryPerWorker": "", "startInterval": 0}"""));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("4")]
    [InlineData("""{"maxWorkers": "four"}""")]
    [InlineData("""{"maxWorkers": -1}""")]
    [InlineData("""{"maxWorkers": 1.5}""")]
    [InlineData("""{"memoryPerWorker": "much"}""")]
    [InlineData("""{"memoryReserve": -1}""")]
    [InlineData("""{"startInterval": "soon"}""")]
    [InlineData("""{"startInterval": -1}""")]
    [InlineData("""{"startInterval": 1e300}""")]
    [InlineData("""{"startInterval": "2d"}""")]
    public void Limit_that_is_none_is_an_error_that_names_the_host(string limit)
    {
        var failure = Refusal.Of(FailureReason.DamagedFile, () => Read(limit));
        Assert.Equal("h", failure.Host);
    }

    [Fact]
    public async Task Members_that_this_version_does_not_know_survive_a_change()
    {
        Read("""{"maxWorkers": 4, "later": true}""");
        await _folder.Inventory.ChangeAsync("h", h => h with { WorkerLimit = new WorkerLimit { MaxWorkers = 2 } }, TestContext.Current.CancellationToken);
        Assert.Contains("\"later\": true", await File.ReadAllTextAsync(_folder.Inventory.Path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(2, _folder.Inventory.Find("h")!.MaxWorkers);
    }

    private WorkerLimit Read(string limit)
    {
        File.WriteAllText(_folder.Inventory.Path, "{\"hosts\": {\"h\": {\"address\": \"x\", \"workerLimit\": " + limit + "}}}");
        return _folder.Inventory.Find("h")!.WorkerLimit;
    }
}
