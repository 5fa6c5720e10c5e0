using System.Collections;
using System.Globalization;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Makes a task's variables of a hashtable.</summary>
internal static class VariableBinding
{
    public static SortedDictionary<string, string> Read(IDictionary? given)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
            variables[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Convert.ToString(entry.Value, CultureInfo.InvariantCulture) ?? "";
        return variables;
    }
}
