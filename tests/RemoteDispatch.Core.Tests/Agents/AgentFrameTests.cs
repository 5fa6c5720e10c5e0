using RemoteDispatch.Agents;

namespace RemoteDispatch.Core.Tests.Agents;

/// <summary>What stands around a prompt.</summary>
public sealed class AgentFrameTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rd-frame-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Frame_that_is_built_in_names_the_task_the_ways_to_report_and_ends_with_the_prompt()
    {
        var framed = AgentFrame.Around(AgentFrame.Template(_folder.FullName), "Do {{id}} \u0001 {{prompt}} é🎉", "t1", "gpu1", "", []);
        Assert.Contains("the task t1 on the machine gpu1", framed, StringComparison.Ordinal);
        foreach (var word in new[] { "rd status", "rd message", "rd blocked", "rd done" })
            Assert.Contains($"`{word} ", framed, StringComparison.Ordinal);
        // Byte for byte: what stands in a prompt is no placeholder.
        Assert.EndsWith("\n\nDo {{id}} \u0001 {{prompt}} é🎉\n", framed, StringComparison.Ordinal);
        Assert.DoesNotContain("files", framed, StringComparison.Ordinal);
    }

    [Fact]
    public void Template_of_the_user_takes_the_place_of_the_one_that_is_built_in()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "frame.md"), "<{{id}}|{{host}}|{{lineage}}|{{nothing}}>");
        var framed = AgentFrame.Around(AgentFrame.Template(_folder.FullName), "the prompt", "a.1", "h", "L{{host}}", ["one", "two"]);
        Assert.Equal("<a.1|h|L{{host}}|{{nothing}}>\n\nthe prompt", framed);
    }

    [Fact]
    public void Template_that_is_no_text_is_refused_and_named()
    {
        var path = Path.Combine(_folder.FullName, "frame.md");
        File.WriteAllBytes(path, [0xff, 0xfe, 0xfd]);
        Assert.Contains(path, Refusal.Of(FailureReason.LocalFile, () => AgentFrame.Template(_folder.FullName)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lineage_of_an_id_with_dots_shows_parents_siblings_in_order_and_which_it_is()
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["t1408"] = "Build the shop", ["t1408.10"] = "Ship it", ["t1408.1"] = "Draw it\nwith a line end", ["t1408.2"] = "before", ["t1408.2.1"] = "a child", ["t14080.1"] = "another family", ["other"] = "x",
        };
        var block = AgentLineage.Of("t1408.2", "Write the cart", known);
        Assert.Contains("  t1408  Build the shop\n    t1408.1  Draw it\\nwith a line end\n    t1408.2  Write the cart  <-- THIS TASK\n    t1408.10  Ship it\n", block, StringComparison.Ordinal);
        Assert.Contains("stub", block, StringComparison.Ordinal);
        Assert.Contains("rd blocked \"needs t1408.N", block, StringComparison.Ordinal);
        Assert.DoesNotContain("a child", block, StringComparison.Ordinal);
        Assert.DoesNotContain("another family", block, StringComparison.Ordinal);
    }

    [Theory, InlineData("t1408"), InlineData("20261121T101112123-abcdefgh"), InlineData("v1.")]
    public void Lineage_of_an_id_without_parents_is_empty(string id) => Assert.Equal("", AgentLineage.Of(id, "x", new Dictionary<string, string>()));

    [Fact]
    public void Lineage_of_a_grandchild_names_all_above_it_and_of_very_many_siblings_the_nearest()
    {
        var known = Enumerable.Range(1, 500).ToDictionary(i => $"a.b.{i}", i => $"number {i}", StringComparer.Ordinal);
        var block = AgentLineage.Of("a.b.300", "mine", known);
        Assert.Contains("  a\n    a.b\n", block, StringComparison.Ordinal);
        Assert.Contains("      a.b.300  mine  <-- THIS TASK\n", block, StringComparison.Ordinal);
        Assert.Equal(50, block.Split('\n').Count(l => l.StartsWith("      a.b.", StringComparison.Ordinal)));
    }
}
