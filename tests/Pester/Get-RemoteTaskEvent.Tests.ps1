BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Get-RemoteTaskEvent' -Tag Local {
    BeforeAll {
        $told = Invoke-RemoteTask 'rd status in_progress; rd event tool=Bash summary="ls -l"; rd event loss=0.5 step=3; rd blocked "which key?"; rd done "all well"; exit 3' -Id told -Wait 6>$null
    }

    It 'gives what the task reported, oldest first, and the task''s end is its own affair' {
        $events = Get-RemoteTaskEvent told
        $events.Kind | Should -Be 'Status', 'Tool', 'Data', 'Blocked', 'Done'
        $events.Text | Should -Be 'in_progress', 'Bash: ls -l', 'loss=0.5 step=3', 'which key?', 'all well'
        $events.TaskId | Sort-Object -Unique | Should -Be 'told'
        $events.HostName | Sort-Object -Unique | Should -Be 'local'
        $events[2].Data['loss'] | Should -Be '0.5'
        ($events[0].Time - [datetimeoffset]::Now).Duration() | Should -BeLessThan ([timespan]::FromMinutes(5))
        $told.State | Should -Be 'Failed'
    }

    It 'gives those of a kind with -Kind, and the last ones with -Tail' {
        (Get-RemoteTaskEvent told -Kind Tool, Blocked).Text | Should -Be 'Bash: ls -l', 'which key?'
        (Get-RemoteTaskEvent told -Tail 2).Kind | Should -Be 'Blocked', 'Done'
        (Get-RemoteTaskEvent told -Tail 2 -Kind Done).Text | Should -Be 'all well'
        Get-RemoteTaskEvent told -Tail 0 | Should -BeNullOrEmpty
        { Get-RemoteTaskEvent told -Tail -1 } | Should -Throw
        { Get-RemoteTaskEvent told -Kind Sung } | Should -Throw
    }

    It 'goes on behind the last known event with -Offset' {
        $events = Get-RemoteTaskEvent told
        foreach ($at in 0..3) { (Get-RemoteTaskEvent told -Offset $events[$at].NextOffset).Count | Should -Be (4 - $at) }
        Get-RemoteTaskEvent told -Offset $events[4].NextOffset | Should -BeNullOrEmpty
    }

    It 'gives nothing of a task that reported nothing' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        Get-RemoteTaskEvent $task -ErrorAction Stop | Should -BeNullOrEmpty
        Get-RemoteTaskEvent $task -Follow -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'shows no text that moves the cursor, and keeps it to the character' {
        $task = Invoke-RemoteTask 'rd message "$(printf "a\033[2Jb\nä漢🚀")"' -Wait 6>$null
        $event1 = Get-RemoteTaskEvent $task
        $event1.Text | Should -BeExactly "a`e[2Jb`nä漢🚀"
        $event1 | Out-String -Width 200 | Should -Match 'a\\u001b\[2Jb\\nä漢🚀'
    }

    It 'puts stars for the values of the task''s credentials, and not with -NoRedaction' {
        $env:EVENT_TOKEN = 'hush"hush"'
        $task = Invoke-RemoteTask 'rd message "it is $EVENT_TOKEN"' -CredentialName EVENT_TOKEN -Wait 6>$null
        (Get-RemoteTaskEvent $task).Text | Should -Be 'it is **********'
        (Get-RemoteTaskEvent $task -NoRedaction).Text | Should -Be 'it is hush"hush"'
        $env:EVENT_TOKEN = $null
    }

    It 'finds rd behind a profile that sets PATH anew, and beside a PATH of the task' {
        "PATH=/usr/bin:/bin`nexport PATH" | Set-Content "$env:HOME/.profile"
        $task = Invoke-RemoteTask 'rd status "$PATH"' -LoginShell -Wait 6>$null
        (Get-RemoteTaskEvent $task).Text | Should -Be "$Workspaces/$task/bin:/usr/bin:/bin"
        Remove-Item "$env:HOME/.profile" -Force
        $task = Invoke-RemoteTask 'rd status "$PATH"' -Environment @{ PATH = '/opt/x:/usr/bin:/bin' } -Wait 6>$null
        (Get-RemoteTaskEvent $task).Text | Should -Be "$Workspaces/$task/bin:/opt/x:/usr/bin:/bin"
    }

    It 'gives the task settings for Claude Code with -ReportToolUse, whose hook reports' {
        $input1 = '{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"make \"all\""}}'
        $task = Invoke-RemoteTask ('cat "$REMOTE_DISPATCH_CLAUDE_SETTINGS"; echo ' + "'$input1'" + ' | sh -c "\"\$REMOTE_DISPATCH_WORKSPACE/bin/rd\" hook"') -ReportToolUse -Wait 6>$null
        $task.State | Should -Be 'Succeeded'
        $settings = Get-RemoteTaskLog $task -Raw | ConvertFrom-Json
        $settings.hooks.PreToolUse.hooks.command | Should -Be '"$REMOTE_DISPATCH_WORKSPACE/bin/rd" hook'
        (Get-RemoteTaskEvent $task -Kind Tool).Text | Should -Be 'Bash: make "all"'
    }

    Context 'with -Follow' {
        It 'gives events as they come, to the end of the task, and tells how it ended' {
            $gate = New-Gate
            $task = Invoke-RemoteTask "rd status first; $($gate.Wait); rd status last; exit 9"
            $pipeline = Start-Pipeline 'Get-RemoteTaskEvent $With.Id -Follow -InformationVariable told; $told' @{ Id = $task.Id }
            Wait-Until { $pipeline.Output.Count -eq 1 }
            $pipeline.Output[0].Text | Should -Be 'first'
            $pipeline.Handle.IsCompleted | Should -BeFalse
            $gate.Open()
            $got = Complete-Pipeline $pipeline
            $got[0..1].Text | Should -Be 'first', 'last'
            ($got | Where-Object Tags -Contains 'RemoteTaskEnd').MessageData.ExitCode | Should -Be 9
        }

        It 'stops on Ctrl-C in under two seconds, and the task lives on' {
            $gate = New-Gate
            $task = Invoke-RemoteTask "rd status begun; $($gate.Wait)" -Id e-ctrl-c
            $pipeline = Start-Pipeline 'Get-RemoteTaskEvent e-ctrl-c -Follow'
            Wait-Until { $pipeline.Output.Count -gt 0 }
            Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]::FromSeconds(2))
            (Get-RemoteTask e-ctrl-c).State | Should -Be 'Running'
            $gate.Open()
        }

        It 'follows several hosts together, each event with its host' -Tag Fleet {
            Add-Fleet
            $gate = New-Gate
            $tasks = Invoke-RemoteTask "rd status first; $($gate.Wait); rd status last" h1, h2, h3
            $pipeline = Start-Pipeline '$With.Tasks | Get-RemoteTaskEvent -Follow' @{ Tasks = $tasks }
            Wait-Until { $pipeline.Output.Count -eq 3 }
            $gate.Open()
            $got = Complete-Pipeline $pipeline
            foreach ($name in 'h1', 'h2', 'h3') { ($got | Where-Object HostName -EQ $name).Text | Should -Be 'first', 'last' }
        }
    }

    It 'tells of a task that is not there' {
        { Get-RemoteTaskEvent nobody -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,RemoteDispatch.PowerShell.Logs.GetRemoteTaskEventCommand'
        { Get-RemoteTaskEvent '../x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'completes task ids and kinds' {
        (Get-Completion 'Get-RemoteTaskEvent tol').CompletionText | Should -Be 'told'
        (Get-Completion 'Get-RemoteTaskEvent told -Kind Bl').CompletionText | Should -Be 'Blocked'
    }
}
