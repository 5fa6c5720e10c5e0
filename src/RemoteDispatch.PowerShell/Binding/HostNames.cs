using System.Management.Automation;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Names of hosts of the inventory as they are typed: with wildcards, in any case.</summary>
internal static class HostNames
{
    /// <summary>The names that are meant. One without wildcards stands for itself, whether it is there or not.</summary>
    public static IEnumerable<string> Expand(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
            return [name];
        var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        // The built-in host is not in the inventory, unless somebody put it there.
        return Session.Inventory.List().Where(h => !ReferenceEquals(h, DispatchHost.Local)).Select(h => h.Name).Where(pattern.IsMatch).ToArray();
    }
}
