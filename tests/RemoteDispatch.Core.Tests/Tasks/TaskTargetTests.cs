using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>A task's text names its host in one form, and in no other.</summary>
public sealed class TaskTargetTests
{
    [Theory]
    [InlineData("# target:gpu1\nmake", "gpu1")]
    [InlineData("#target:gpu-1.x_y", "gpu-1.x_y")]
    [InlineData("#!/bin/sh\n#\t target:local nightly\nmake", "local")]
    [InlineData("target:gpu1 make", null)]
    [InlineData("make # target:gpu1", null)]
    [InlineData("make\n# target:gpu1", null)]
    [InlineData("# my target:gpu1", null)]
    [InlineData("# target: gpu1", null)]
    [InlineData("#!/bin/sh\nmake\n# target:gpu1", null)]
    [InlineData("", null)]
    public void Command_names_it_in_the_comment_that_it_begins_with(string command, string? name) => Assert.Equal(name, TaskTarget.InCommand(command));

    [Theory]
    [InlineData("target:gpu1 Implement it", "gpu1")]
    [InlineData(" \n target:gpu1\nImplement it", "gpu1")]
    [InlineData("Implement it for target:gpu1", null)]
    [InlineData("Targets:gpu1", null)]
    public void Prompt_names_it_by_its_first_word(string prompt, string? name) => Assert.Equal(name, TaskTarget.InPrompt(prompt));

    [Theory]
    [InlineData("-oProxyCommand=x")]
    [InlineData("me@gpu1")]
    [InlineData("ssh://gpu1:22")]
    [InlineData("@gpu")]
    [InlineData("web[1-20]")]
    [InlineData("gpu1,gpu2")]
    [InlineData("$(id)")]
    public void What_is_no_name_of_the_inventory_is_an_error_and_never_an_address(string name)
    {
        Refusal.Of(FailureReason.InvalidInput, () => TaskTarget.InCommand($"# target:{name}\ntrue"));
        Refusal.Of(FailureReason.InvalidInput, () => TaskTarget.InPrompt($"target:{name} do it"));
    }
}
