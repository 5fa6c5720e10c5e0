# Prompts for AI agents. The agent is a double; what the real ones do is tested against the fleet (tests/RemoteDispatch.Fleet.Tests).

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    Add-DoubleAgent
    $hostile = "it's `"quoted`" `$(id) ``x`` \ %s {{id}} {workspace} -- -x`n漢🚀`n"

    function Get-Prompt($Task) { [System.IO.File]::ReadAllText("$Workspaces/$($Task.Id)/double.prompt") }
    function Get-Word($Task) { Get-Content "$Workspaces/$($Task.Id)/double.words" }

    function Invoke-Terminal([string] $Script, [string] $Keys, [string] $With = '') {
        # The script in a pwsh that has a terminal, where somebody types. What stands on the screen is given, without its colours.
        # No progress: it asks the terminal where the cursor is, and this one never answers.
        Set-Content "$Sandbox/terminal.ps1" "`$ProgressPreference = 'Ignore'; Import-Module '$env:RD_PESTER_MODULE'; $Script"
        Set-Content "$Sandbox/terminal.keys" $Keys
        $pwsh = (Get-Process -Id $PID).Path
        $said = sh -c "script -qec '$pwsh -NoProfile $With -File $Sandbox/terminal.ps1' /dev/null <'$Sandbox/terminal.keys'"
        ($said -join ' ') -replace '\e\[[?]?[\d;]*[A-Za-z]' -replace '\s+', ' '
    }
}
AfterAll { Clear-Sandbox }

Describe 'Invoke-RemoteTask -Agent' -Tag Local {
    It 'hands the prompt over byte for byte, and says what came of it' {
        $task = Invoke-RemoteTask -Agent double -Prompt $hostile -NoFrame
        $task.State, $task.Agent.Name | Should -Be 'Running', 'double'
        $ended = Wait-RemoteTask $task
        $ended.State | Should -Be 'Succeeded'
        Get-Prompt $task | Should -BeExactly $hostile
        $result = $ended.AgentResult
        $result.Why, $result.Model, $result.Turns, $result.InputTokens, $result.OutputTokens, $result.CostUsd | Should -Be 'Completed', 'double-1', 2, 10, 5, 0.25
        $result.Answer | Should -BeLike "read * bytes`nin $($env:HOME)"
        $result.Session | Should -Be $task.Agent.Session
    }

    It 'reads the prompt from a file' {
        $file = New-FileName
        [System.IO.File]::WriteAllText($file, $hostile)
        $task = Invoke-RemoteTask -Agent double -PromptFile $file -NoFrame -Wait 6>$null
        Get-Prompt $task | Should -BeExactly $hostile
        { Invoke-RemoteTask -Agent double -PromptFile "$Sandbox/nowhere.md" } | Should -Throw -ErrorId 'LocalFile,*'
    }

    It 'carries a prompt of 1 MiB' {
        $prompt = $hostile * [math]::Ceiling(1MB / [System.Text.Encoding]::UTF8.GetByteCount($hostile))
        $task = $prompt | Invoke-RemoteTask -Agent double -NoFrame -Wait 6>$null
        Get-Prompt $task | Should -BeExactly $prompt
        $task.Command.Length | Should -BeLessOrEqual 200
        { Invoke-RemoteTask -Agent double -Prompt ('x' * 16MB + 'y') } | Should -Throw -ErrorId 'InvalidInput,*'
        { Invoke-RemoteTask -Agent double -Prompt "a`0b" } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'makes a task of each prompt of the pipeline' {
        $tasks = 'one', 'two', 'three' | Invoke-RemoteTask -Agent double -NoFrame | Wait-RemoteTask
        $tasks | ForEach-Object { Get-Prompt $_ } | Sort-Object | Should -Be 'one', 'three', 'two'
    }

    It 'takes hosts from the pipeline where a parameter has the prompt' -Tag Fleet {
        Add-Fleet
        Add-DoubleAgent -InHome $FleetHosts.home
        $tasks = 'h1', 'h2' | Invoke-RemoteTask -Agent double -Prompt hello | Wait-RemoteTask
        $tasks.HostName | Sort-Object | Should -Be 'h1', 'h2'
        $tasks = Get-DispatchHost h* | Invoke-RemoteTask -Agent double -Prompt hello | Wait-RemoteTask
        $tasks.HostName | Sort-Object | Should -Be 'h1', 'h2', 'h3'
        $tasks.AgentResult.Why | Sort-Object -Unique | Should -Be 'Completed'
        (Invoke-RemoteTask h2 -Agent double -Prompt hello).HostName | Should -Be 'h2'
        (Invoke-RemoteTask -Agent double -Prompt hello -Capability fleet -First 1 | Wait-RemoteTask).AgentResult.Why | Should -Be 'Completed'
        ('one', 'two' | Invoke-RemoteTask -Agent double -Capability fleet -First 1 | Wait-RemoteTask).AgentResult.Why | Should -Be 'Completed', 'Completed'
    }

    It 'refuses an object of the pipeline that is neither a prompt nor a host' {
        42 | Invoke-RemoteTask -Agent double -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InvalidInput,*'
        "$failure" | Should -BeLike '*no prompt*'
    }

    It 'gives the agent its words, and the task what was asked for' {
        $task = Invoke-RemoteTask -Agent double -Prompt x -Model big-1 -MaxTurns 7 -PermissionMode acceptEdits -AllowedTool Edit, 'Bash(make test)' -DeniedTool WebFetch -Wait 6>$null
        $words = (Get-Word $task) -join ' '
        $words | Should -BeLike '*--model=big-1*--max-turns=7*--permission-mode=acceptEdits*--allowed-tools=Edit*--allowed-tools=Bash(make test)*--disallowed-tools=WebFetch*'
        $task.Agent.Model, $task.Agent.MaxTurns, $task.Agent.PermissionMode, $task.Agent.SkipsPermissions | Should -Be 'big-1', 7, 'acceptEdits', $false
        (Get-Content "$Workspaces/$($task.Id)/task.json" | ConvertFrom-Json).agent.permissionMode | Should -Be 'acceptEdits'
    }

    It 'shows the result and the agent in the list, and the answer of a result' {
        $task = Invoke-RemoteTask -Agent double -Prompt x -Model big-1 -Wait 6>$null
        $list = $task | Format-List | Out-String -Width 200
        $list | Should -Match 'Agent +: double \(model big-1\)'
        $list | Should -Match 'AgentResult +: Completed: read \d+ bytes\r?\n'
        "$($task.AgentResult)" | Should -Match '^Completed: read \d+ bytes$'
        $task.AgentResult | Out-String -Width 200 | Should -Match '(?s)Why +: .*Completed.*Answer +: read \d+ bytes.*in /.*CostUsd +: 0[.,]25'
    }

    It 'puts the frame around the prompt, with id, files and place among the tasks' {
        $note = "$Sandbox/files/note.txt"
        Set-Content $note 'a note'
        $null = Invoke-RemoteTask 'true' -Id t7.1 -Wait 6>$null
        $task = Invoke-RemoteTask -Agent double -Prompt 'the second part' -Id t7.2 -Attachment $note -Wait 6>$null
        $prompt = Get-Prompt $task
        $prompt | Should -BeLike '*task t7.2 on the machine local*rd blocked*'
        $prompt | Should -BeLike '*t7.1  true*t7.2  the second part  <-- THIS TASK*'
        $prompt | Should -BeLike '*files: note.txt*the second part*'
        Get-Content "$Workspaces/t7.2/files/note.txt" | Should -Be 'a note'
    }

    It 'takes a frame of the user''s own, and one that is named' {
        $mine = "$Sandbox/agents/frame.md"
        try {
            'Mine, for {{id}}.' | Set-Content $mine
            $task = Invoke-RemoteTask -Agent double -Prompt 'do it' -Id framed-1 -Wait 6>$null
            Get-Prompt $task | Should -BeExactly "Mine, for framed-1.`n`ndo it"
        }
        finally { Remove-Item $mine }
        'Do: {{prompt}} On: {{host}}' | Set-Content "$Sandbox/files/other.md"
        $task = Invoke-RemoteTask -Agent double -Prompt 'it, {{host}}' -FrameFile "$Sandbox/files/other.md" -Wait 6>$null
        Get-Prompt $task | Should -BeExactly "Do: it, {{host}} On: local`n"
        { Invoke-RemoteTask -Agent double -Prompt x -FrameFile "$Sandbox/nowhere.md" } | Should -Throw -ErrorId 'LocalFile,*'
        { Invoke-RemoteTask -Agent double -Prompt x -FrameFile "$Sandbox/files/other.md" -NoFrame } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'says why it ended, of a question, a limit and a crash' {
        foreach ($end in @(
                @{ How = 'blocked'; Why = 'Blocked'; State = 'Succeeded'; Says = 'Blocked: which stage?' }
                @{ How = 'turns'; Why = 'TurnLimit'; State = 'Failed'; Says = 'TurnLimit: error_max_turns' }
                @{ How = 'crash'; Why = 'Crashed'; State = 'Failed'; Says = 'Crashed' }
            )) {
            $task = Invoke-RemoteTask -Agent double -Prompt x -Environment @{ DOUBLE = $end.How } | Wait-RemoteTask
            $task.State, $task.AgentResult.Why, "$($task.AgentResult)" | Should -Be $end.State, $end.Why, $end.Says -Because $end.How
        }
    }

    It 'is explained where it was stopped and where its time was over' {
        $task = Invoke-RemoteTask -Agent double -Prompt x -Environment @{ DOUBLE = 'sleep' }
        Wait-Until { Get-RemoteTaskLog $task }
        (Stop-RemoteTask $task -Force -Grace 1 -PassThru).AgentResult.Why | Should -Be 'Stopped'
        $late = Invoke-RemoteTask -Agent double -Prompt x -Environment @{ DOUBLE = 'sleep' } -TimeLimit 1s | Wait-RemoteTask
        $late.State, $late.AgentResult.Why | Should -Be 'TimedOut', 'TimedOut'
        $late.AgentResult.Session | Should -Be $late.Agent.Session
    }

    It 'is read once, and known to every session after that' {
        $task = Invoke-RemoteTask -Agent double -Prompt x -Wait 6>$null
        (Get-RemoteTask $task.Id -Cached).AgentResult.Answer | Should -Be $task.AgentResult.Answer
        Complete-Pipeline (Start-Pipeline "(Get-RemoteTask $($task.Id)).AgentResult.Answer") | Should -Be $task.AgentResult.Answer
    }

    It 'is read before the workspace goes' {
        $task = Invoke-RemoteTask -Agent double -Prompt x
        Wait-Until { Test-Path "$Workspaces/$($task.Id)/exit" }
        (Remove-RemoteTaskWorkspace $task -Force -PassThru).AgentResult.Why | Should -Be 'Completed'
    }

    It 'shows stars in the answer where that has a secret, and keeps none' {
        $env:KEY_OF_DOUBLE = 'hush-hush-hush'
        try {
            foreach ($collect in $true, $false) {
                $task = Invoke-RemoteTask -Agent double -Prompt x -Environment @{ DOUBLE = 'tell' } -CredentialName KEY_OF_DOUBLE | Wait-RemoteTask -NoCollect:(-not $collect)
                $task.AgentResult.Answer | Should -BeLike 'the key is *'
                $task.AgentResult.Answer | Should -Not -BeLike '*hush*'
            }
        }
        finally { Remove-Item Env:KEY_OF_DOUBLE }
        Get-ChildItem $env:REMOTE_DISPATCH_STATE_DIR, $env:REMOTE_DISPATCH_LOG_DIR -Recurse -File -Force | Select-String -SimpleMatch hush-hush | Should -BeNullOrEmpty
    }

    It 'runs as a job, too' {
        $job = Invoke-RemoteTask -Agent double -Prompt x -AsJob
        $ended = $job | Receive-Job -Wait -AutoRemoveJob 6>$null
        $ended.AgentResult.Why | Should -Be 'Completed'
        $jobs = 'one', 'two' | Invoke-RemoteTask -Agent double -AsJob
        ($jobs | Receive-Job -Wait -AutoRemoveJob 6>$null).AgentResult.Why | Should -Be 'Completed', 'Completed'
    }

    It 'launches one id once, and takes another prompt under it for another task' {
        $tasks = 1..2 | ForEach-Object { Invoke-RemoteTask -Agent double -Prompt 'the same' -Id once-1 | Wait-RemoteTask }
        $tasks[0].Started | Should -Be $tasks[1].Started
        { Invoke-RemoteTask -Agent double -Prompt 'another' -Id once-1 -ErrorAction Stop } | Should -Throw -ErrorId 'TaskConflict,*'
    }
}

Describe 'An attachment' -Tag Local {
    It 'lies beside any command, to the byte' {
        $bytes = [byte[]](0..255)
        $file = "$Sandbox/files/every byte.bin"
        [System.IO.File]::WriteAllBytes($file, $bytes)
        Invoke-RemoteTask 'wc -c <"$REMOTE_DISPATCH_WORKSPACE/files/every byte.bin"' -Attachment $file | Get-RemoteTaskLog -Follow -Raw | Should -Match '^\s*256$'
    }

    It 'is refused where it is a folder, is not there, or has the name of another' {
        { Invoke-RemoteTask true -Attachment $Sandbox } | Should -Throw -ErrorId 'LocalFile,*'
        { Invoke-RemoteTask true -Attachment "$Sandbox/nowhere" } | Should -Throw -ErrorId 'LocalFile,*'
        'a' | Set-Content "$Sandbox/files/twice"
        { Invoke-RemoteTask true -Attachment "$Sandbox/files/twice", "$Sandbox/files/twice" } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'is named by a dry run' {
        'a' | Set-Content "$Sandbox/files/shown.txt"
        (Invoke-OtherProcess "Invoke-RemoteTask true -Attachment '$Sandbox/files/shown.txt' -WhatIf") -join "`n" | Should -Match 'What if: .*shown\.txt'
    }
}

Describe 'What is no prompt for an agent' -Tag Local {
    It 'is refused before anything is sent, with what to do' {
        foreach ($wrong in @(
                @{ How = @{ Agent = 'nosuch'; Prompt = 'x' }; Says = "no agent 'nosuch'*claude, opencode, codex, gemini*" }
                @{ How = @{ Agent = 'claude'; Prompt = 'x'; PermissionMode = 'nonsense' }; Says = "no permission mode 'nonsense'*acceptEdits*" }
                @{ How = @{ Agent = 'claude'; Prompt = 'x'; Model = '-x' }; Says = 'no name of a model*' }
                @{ How = @{ Agent = 'gemini'; Prompt = 'x'; AgentServer = 'http://127.0.0.1:4096' }; Says = "'gemini' has no warm server*" }
                @{ How = @{ Agent = 'claude'; Prompt = 'x'; PromptFile = 'y' }; Says = 'one too many*' }
                @{ How = @{ Agent = 'claude' }; Says = 'There is no prompt*-PromptFile*' }
            )) {
            $before = @(Get-RemoteTask -Cached).Count
            $failure = $null
            $how = $wrong.How
            try { Invoke-RemoteTask @how -ErrorAction Stop } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidInput,*' -Because $wrong.Says
            "$failure $($failure.ErrorDetails.RecommendedAction)" | Should -BeLike "*$($wrong.Says)"
            @(Get-RemoteTask -Cached).Count | Should -Be $before
        }
    }

    It 'is an agent that the host has not: the error says what to do' {
        $folder = "$Sandbox/agents"
        @{ agents = @(@{ name = 'absent'; like = 'claude'; program = 'no-such-program-here' }) } | ConvertTo-Json -Depth 4 | Set-Content "$folder/absent.json"
        try {
            $failure = $null
            try { Invoke-RemoteTask -Agent absent -Prompt x -Id absent-1 -ErrorAction Stop } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'LaunchFailed,*'
            "$failure" | Should -BeLike "*absent is on host 'local'*"
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Install*Test-DispatchHost local*'
            "$Workspaces/absent-1" | Should -Not -Exist
        }
        finally { Remove-Item "$folder/absent.json" }
    }

    It 'is a command and an agent at once, a wait and a job, or a host and a capability' {
        { Invoke-RemoteTask 'true' -Agent double -FilePath x } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
        { Invoke-RemoteTask -Agent double -Prompt x -Wait -AsJob } | Should -Throw -ErrorId 'InvalidInput,*'
        { Invoke-RemoteTask -Agent double -Prompt x -HostName h1 -Capability fleet } | Should -Throw -ErrorId 'InvalidInput,*'
    }
}

Describe 'A dry run of an agent' -Tag Local {
    It 'says agent, turns, tools and permission mode, and opens nothing' {
        $said = (Invoke-OtherProcess "Invoke-RemoteTask -Agent claude -Prompt 'hello there' -MaxTurns 3 -PermissionMode acceptEdits -DeniedTool WebFetch -WhatIf") -join "`n"
        $said | Should -Match 'What if: .*hello there as the prompt of claude \(at most 3 turns; permission mode acceptEdits; denied WebFetch\)'
        (Invoke-OtherProcess "'a', 'b' | Invoke-RemoteTask -Agent auto -WhatIf") -match 'the first agent that is there' | Should -HaveCount 2
    }

    It 'says in capitals that permissions are skipped' {
        $said = (Invoke-OtherProcess "Invoke-RemoteTask -Agent claude -Prompt x -PermissionMode bypassPermissions -WhatIf") -join "`n"
        $said | Should -MatchExactly 'permission mode bypassPermissions, WHICH SKIPS ITS PERMISSIONS'
    }
}

Describe 'An agent without its permission system' -Tag Local {
    BeforeAll { $how = 'Invoke-RemoteTask -Agent double -Prompt x -PermissionMode bypassPermissions' }

    It 'runs where nobody is there to be asked, and the task says so' {
        $said = (Invoke-OtherProcess "`$t = $how -Wait 6>`$null; `$t.Agent.SkipsPermissions; `"`$(`$t.AgentResult.Why)`"; `$t.Agent.Summary") -join "`n"
        $said | Should -MatchExactly "True`nCompleted`ndouble \(permission mode bypassPermissions, WHICH SKIPS ITS PERMISSIONS\)"
        $said = @() | & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$env:RD_PESTER_MODULE'; ($how -Wait 6>`$null).State"
        $said | Should -Be 'Succeeded'
    }

    It 'is asked for where somebody is, and sends nothing when the answer is no' {
        if (-not (Get-Command script -ErrorAction Ignore) -or -not $IsLinux) {
            Set-ItResult -Skipped -Because 'script of util-linux, which makes a terminal, is not here'
            return
        }

        $said = Invoke-Terminal "$how -Id asked-no; 'the end'" 'n'
        $said | Should -Match 'Run it so\?.*permission system switched off \(bypassPermissions\).*default is "N".*the end'
        "$Workspaces/asked-no" | Should -Not -Exist
        $said = Invoke-Terminal "($how -Id asked-yes -Wait 6>`$null).AgentResult.Why" 'y'
        $said | Should -Match 'Run it so\?.*Completed'
    }

    It 'is not asked for with -Force, -Confirm:$false or pwsh -NonInteractive' {
        if (-not (Get-Command script -ErrorAction Ignore) -or -not $IsLinux) {
            Set-ItResult -Skipped -Because 'script of util-linux, which makes a terminal, is not here'
            return
        }

        foreach ($with in '-Force', '-Confirm:$false') {
            $said = Invoke-Terminal "($how $with -Wait 6>`$null).AgentResult.Why" ''
            $said | Should -Match 'Completed'
            $said | Should -Not -Match 'Run it so'
        }
        Invoke-Terminal "($how -Wait 6>`$null).AgentResult.Why" '' -With -NonInteractive | Should -Match 'Completed'
    }
}

Describe 'Completion for agents' {
    It 'offers the agents that are known, the user''s own, and auto' {
        (Get-Completion 'Invoke-RemoteTask -Agent ').CompletionText | Should -Be 'claude', 'opencode', 'codex', 'gemini', 'double', 'auto'
        (Get-Completion 'Invoke-RemoteTask -Agent c').CompletionText | Should -Be 'claude', 'codex'
    }

    It 'offers the permission modes of the agent that is named, and says which skip' {
        $found = Get-Completion 'Invoke-RemoteTask -Agent claude -PermissionMode '
        $found.CompletionText | Should -Contain 'acceptEdits'
        $found.Where({ $_.CompletionText -eq 'bypassPermissions' }).ToolTip | Should -MatchExactly 'SKIPS ITS PERMISSIONS'
        (Get-Completion 'Invoke-RemoteTask -Agent opencode -PermissionMode ').CompletionText | Should -Not -Contain 'acceptEdits'
        (Get-Completion 'Invoke-RemoteTask -PermissionMode accept').CompletionText | Should -Be 'acceptEdits'
    }
}
