using System.Globalization;

namespace RemoteDispatch.Health;

/// <summary>Can tasks be there, and stay?</summary>
internal static class PlaceFindings
{
    private const long LeastFreeBytes = 100 * Bytes.Mebi;
    private const long LeastFreeInodes = 1000;

    public static Finding Connect(HostFacts facts)
    {
        var where = facts.Place.Container.Name is { } container ? $" in container {container}" : "";
        return Finding.Pass($"as {facts["host.user"]} on {facts["host.system"]}{where}");
    }

    public static Finding Workspace(HostFacts facts) => facts["workspace.owned"] is not null
        ? Finding.Pass(facts["workspace.root"] ?? "")
        : Finding.Fail(facts["workspace.refused"] ?? "the host did not say whether it can be used", "Mend that on the host, or name another workspace root.");

    public static Finding Detach(HostFacts facts) => facts["detach.way"] is { } way
        ? Finding.Pass($"by setsid ({way})")
        : Finding.Fail("neither setsid nor perl is there", "Install util-linux or busybox: a task could not outlive its connection.");

    /// <summary>Would a task outlive its connection's login? It is what a dispatch itself asks.</summary>
    public static Finding Survival(HostFacts facts) => facts["survival.unfit"] is { } why
        ? Finding.Fail(why, facts["survival.remedy"] ?? "See the host's logind.conf.")
        : Finding.Pass(PlaceReadings.KillsAtLogout(facts) == true
            ? "the host ends processes at logout; tasks are kept in a scope of the user's own manager, which lingers" : "nothing ends processes at logout");

    public static Finding Disk(HostFacts facts)
    {
        var answer = facts.Answer("disk");
        if (PlaceReadings.FreeBytes(facts) is not { } free)
            return Unknown(facts, answer, "df");
        var detail = $"{Bytes.Show(free)} free";
        return free >= LeastFreeBytes
            ? Finding.Pass(detail, answer.Took)
            : Finding.Fail(detail, "Free some space: remove old workspaces with Remove-RemoteTaskWorkspace.", answer.Took);
    }

    public static Finding Inodes(HostFacts facts)
    {
        var answer = facts.Answer("inodes");
        if (PlaceReadings.FreeInodes(facts) is not { } free)
            return answer.IsGood ? Finding.Skip("the file system sets no limit", "There is nothing to do: require 'disk' instead.") : Unknown(facts, answer, "df -i");
        var detail = string.Create(CultureInfo.InvariantCulture, $"{free} free");
        return free >= LeastFreeInodes
            ? Finding.Pass(detail, answer.Took)
            : Finding.Fail(detail, "Remove files: there is no room for the names of new ones, whatever space is free.", answer.Took);
    }

    public static Finding Tasks(HostFacts facts) => (facts.Count("tasks.running"), facts.Count("tasks.left")) is ({ } running, { } left)
        ? Finding.Pass(string.Create(CultureInfo.InvariantCulture, $"{running} running, {left} left over"))
        : Finding.Skip("the workspaces cannot be looked at", "See the check 'workspace'.");

    private static Finding Unknown(HostFacts facts, ProgramAnswer answer, string program) =>
        ToolFindings.Silent(facts, answer) ?? Finding.Fail($"{program} was not understood: {answer.Last}", $"Run '{program}' on the host by hand.", answer.Took);
}
