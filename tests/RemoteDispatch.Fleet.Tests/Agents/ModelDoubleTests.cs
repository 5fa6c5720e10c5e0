using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace RemoteDispatch.Fleet.Tests.Agents;

/// <summary>The double of the services says what its script says, in the words of each, in this process and as one of its own.</summary>
public sealed class ModelDoubleTests
{
    private const string Anthropic = """{"model": "m", "stream": true, "tools": [{"name": "Write"}], "messages": [{"role": "user", "content": "hi"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/messages", Anthropic, "event: message_stop")]
    [InlineData("/v1/chat/completions", """{"model": "m", "stream": true, "tools": [{"function": {"name": "write"}}], "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}""", "data: [DONE]")]
    [InlineData("/v1/responses", """{"model": "m", "stream": true, "tools": [{"name": "shell"}], "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]}""", "event: response.completed")]
    [InlineData("/v1beta/models/m:streamGenerateContent", """{"tools": [{"functionDeclarations": [{"name": "write_file"}]}], "contents": [{"role": "user", "parts": [{"text": "hi"}]}]}""", "STOP")]
    public async Task Each_service_streams_an_answer_a_tool_and_a_refusal(string path, string body, string end)
    {
        await using var model = new ModelDouble();
        using var client = new HttpClient();
        model.Script = [ModelStep.Say("Hello.")];
        var (status, text) = await PostAsync();
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Hello.", text, StringComparison.Ordinal);
        Assert.Contains(end, text, StringComparison.Ordinal);
        model.Script = [ModelStep.RateLimit(times: 1), ModelStep.WriteFile("/x/made.txt", "y")];
        Assert.Equal(HttpStatusCode.TooManyRequests, (await PostAsync()).Status);
        Assert.Contains("made.txt", (await PostAsync()).Text, StringComparison.Ordinal);
        model.Script = [ModelStep.RefuseKey()];
        Assert.Contains("key", (await PostAsync()).Text, StringComparison.Ordinal);
        Assert.True(model.Heard("hi"));
        Assert.Equal(("m", 4), (model.Requests.First().Model, model.Requests.Count));

        async Task<(HttpStatusCode Status, string Text)> PostAsync()
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri(model.Address + path), content, Cancel);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        }
    }

    [Fact]
    public async Task Program_takes_its_script_and_tells_its_requests_over_http_and_ends_with_its_input()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(ModelDouble).Assembly.Location, "--model", "--json"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        using var client = new HttpClient();
        var address = (string)JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancel))!)!["address"]!;
        using (await client.PostAsJsonAsync(new Uri(address + "/control/script"), new JsonArray(ModelStep.Say("From afar.").ToJson()), Cancel))
        {
            using var content = new StringContent(Anthropic, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri(address + "/v1/messages"), content, Cancel);
            Assert.Contains("From afar.", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        var requests = JsonNode.Parse(await client.GetStringAsync(new Uri(address + "/control/requests"), Cancel))!.AsArray();
        Assert.Equal("hi", (string?)requests.Single()!["userTexts"]![0]);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
    }
}
