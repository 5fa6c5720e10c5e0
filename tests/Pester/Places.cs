using System.Reflection;

namespace RemoteDispatch.Pester;

/// <summary>Where things are, as the project file said when this was built.</summary>
internal static class Places
{
    /// <summary>The folder of the .Tests.ps1 files and of RunPester.ps1.</summary>
    public static string Suite => Read("Suite");

    /// <summary>The folder of the built module.</summary>
    public static string Module => Read("Module");

    /// <summary>The fleet's program, a .dll for <c>dotnet</c>.</summary>
    public static string Fleet => Read("Fleet");

    private static string Read(string name) =>
        typeof(Places).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == name).Value!;
}
