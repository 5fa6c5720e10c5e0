namespace RemoteDispatch.Fleet;

/// <summary>
/// A home for agents that know no service but a double: their settings, and the variables that they need. Nothing of the user's is seen or touched.
/// </summary>
public sealed class AgentHome : IDisposable
{
    private readonly ModelDouble _model;

    /// <summary>Makes it.</summary>
    public AgentHome(ModelDouble model)
    {
        _model = model;
        Folder = Path.Combine(AgentPrograms.Cache, $"home-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path.Combine(Folder, "tmp"));
        WriteSettings(Folder, model.Address);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>What makes an agent ask the double: settings below a home, for an address of the double as that home sees it.</summary>
    public static void WriteSettings(string home, string address)
    {
        Write(home, ".config/opencode/opencode.json", """
            {"provider": {"double": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "ADDRESS/v1", "apiKey": "no-key-at-all"}, "models": {"m1": {}, "m2": {}}}}, "model": "double/m1"}
            """.Replace("ADDRESS", address, StringComparison.Ordinal));
        Write(home, ".codex/config.toml", $"""
            model = "m1"
            model_provider = "double"
            [model_providers.double]
            name = "double"
            base_url = "{address}/v1"
            env_key = "DOUBLE_API_KEY"
            wire_api = "responses"

            """);
        Write(home, ".gemini/settings.json", """{"security": {"auth": {"selectedType": "gemini-api-key"}}, "model": {"name": "gemini-2.5-flash"}}""");
    }

    /// <summary>The variables of a run; <c>HOME</c> is for the caller to set.</summary>
    public static IReadOnlyDictionary<string, string> Variables(string address) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ANTHROPIC_BASE_URL"] = address,
        ["ANTHROPIC_API_KEY"] = "no-key-at-all",
        // Ten at first, over minutes.
        ["CLAUDE_CODE_MAX_RETRIES"] = "1",
        ["OPENCODE_DISABLE_MODELS_FETCH"] = "1",
        ["OPENCODE_DISABLE_LSP_DOWNLOAD"] = "1",
        ["DOUBLE_API_KEY"] = "no-key-at-all",
        ["GEMINI_API_KEY"] = "no-key-at-all",
        ["GOOGLE_GEMINI_BASE_URL"] = address,
    };

    /// <summary>The variables of a run here: what agents leave in a folder for temporary files goes with the home.</summary>
    public IReadOnlyDictionary<string, string> Variables() =>
        new Dictionary<string, string>(Variables(_model.Address), StringComparer.Ordinal) { ["HOME"] = Folder, ["TMPDIR"] = Path.Combine(Folder, "tmp") };

    /// <summary>Takes it away.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // What an agent left running may still write; the folder lies in the cache.
        }
    }

    private static void Write(string home, string file, string text)
    {
        var path = Path.Combine(home, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
