BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Remove-RemoteTaskWorkspace' -Tag Local {
    It 'collects the log first, then removes all' {
        $task = Wait-RemoteTask (Invoke-RemoteTask 'echo kept here')
        $removed = Remove-RemoteTaskWorkspace $task -Confirm:$false -PassThru
        Get-Content $removed.LogPath | Should -Be 'kept here'
        "$Workspaces/$($task.Id)" | Should -Not -Exist
        Get-RemoteTask -Cached | Where-Object Id -EQ $task.Id | Should -BeNullOrEmpty
    }

    It 'says nothing unless it is asked to' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        Remove-RemoteTaskWorkspace $task.Id -Confirm:$false | Should -BeNullOrEmpty
    }

    It 'leaves the log on the host with -KeepLog, and removes the rest' {
        $task = Invoke-RemoteTask 'echo stays there' -Wait 6>$null
        Remove-RemoteTaskWorkspace $task -KeepLog -Confirm:$false
        Get-Content "$Workspaces/$($task.Id)/log" | Should -Be 'stays there'
        "$Workspaces/$($task.Id)/command" | Should -Not -Exist
        Get-RemoteTaskLog $task.Id -Raw | Should -Be 'stays there'
    }

    It 'refuses a task that runs, and leaves it alone' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait -Id r-running
        Remove-RemoteTaskWorkspace $task -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'TaskRunning,RemoteDispatch.PowerShell.Tasks.RemoveRemoteTaskWorkspaceCommand'
        $failure[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        $failure[0].TargetObject | Should -Be 'r-running'
        $failure[0].ErrorDetails.RecommendedAction | Should -Match '-Force'
        (Get-RemoteTask r-running).State | Should -Be 'Running'
        $gate.Open()
    }

    It 'stops a running task first with -Force' {
        $task = Invoke-RemoteTask 'echo begun; sleep 300'
        Wait-Until { Get-RemoteTaskLog $task }
        $removed = Remove-RemoteTaskWorkspace $task -Force -PassThru
        $removed.State | Should -Be 'Stopped'
        Get-Content $removed.LogPath | Should -Be 'begun'
        Test-Process $task.Process.Pid | Should -BeFalse
        "$Workspaces/$($task.Id)" | Should -Not -Exist
    }

    It 'removes nothing with -WhatIf' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        Remove-RemoteTaskWorkspace $task -WhatIf
        Remove-RemoteTaskWorkspace $task -Force -WhatIf
        "$Workspaces/$($task.Id)/exit" | Should -Exist
    }

    It 'asks first, and removes nothing where nobody can be asked' {
        $task = Invoke-RemoteTask 'true' -Id r-ask -Wait 6>$null
        Complete-Pipeline (Start-Pipeline 'try { Remove-RemoteTaskWorkspace r-ask } catch { "$_" }') | Should -Match 'unless -Confirm:\$false is given'
        "$Workspaces/r-ask/exit" | Should -Exist
    }

    It 'frees the id for another task' {
        $null = Invoke-RemoteTask 'echo first' -Id again -Wait 6>$null
        Remove-RemoteTaskWorkspace again -Confirm:$false
        $second = Invoke-RemoteTask 'echo second' -Id again -Wait 6>$null
        Get-Content $second.LogPath | Should -Be 'second'
    }

    It 'has nothing against a workspace that is gone already' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        Remove-Item "$Workspaces/$($task.Id)" -Recurse -Force
        { Remove-RemoteTaskWorkspace $task -Confirm:$false -ErrorAction Stop } | Should -Not -Throw
        Get-RemoteTask -Cached | Where-Object Id -EQ $task.Id | Should -BeNullOrEmpty
    }

    It 'removes nothing beside the task, whatever the id' {
        $null = New-Item -ItemType Directory "$Sandbox/home/.remote-dispatch/precious" -Force
        foreach ($id in '..', '../precious', '.', '-rf', '') {
            { Remove-RemoteTaskWorkspace $id -HostName local -Force -ErrorAction Stop } | Should -Throw -Because "the id is <$id>"
        }
        "$Sandbox/home/.remote-dispatch/precious" | Should -Exist
    }

    It 'keeps the workspace where the log cannot be collected' {
        $task = Wait-RemoteTask (Invoke-RemoteTask 'echo precious')
        $logs = $env:REMOTE_DISPATCH_LOG_DIR
        $null = New-Item "$Sandbox/no-folder"
        try {
            $env:REMOTE_DISPATCH_LOG_DIR = "$Sandbox/no-folder/logs"
            { Remove-RemoteTaskWorkspace $task -Confirm:$false -ErrorAction Stop } | Should -Throw
        }
        finally {
            $env:REMOTE_DISPATCH_LOG_DIR = $logs
        }
        Get-Content "$Workspaces/$($task.Id)/log" | Should -Be 'precious'
    }

    It 'removes tasks on many hosts, and tells of one host that is down' -Tag Fleet {
        Add-Fleet
        Add-DispatchHost moved $FleetHosts[0].address -Force
        $tasks = Invoke-RemoteTask 'true' moved, h2, h3 -Id r-many -Wait 6>$null
        Set-DispatchHost moved -Address (Get-ClosedPort)
        $removed = $tasks | Remove-RemoteTaskWorkspace -Force -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        $removed.HostName | Sort-Object | Should -Be 'h2', 'h3'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionRefused,*'
        (Get-RemoteTask r-many -Cached).HostName | Should -Be 'moved' -Because 'what was not removed is not forgotten'
    }

    It 'removes what has ended longer ago than that, and nothing that runs, is younger, or is no workspace' {
        Use-NewSession
        $gate = New-Gate
        $null = 'age-old', 'age-new' | ForEach-Object { Invoke-RemoteTask 'echo kept' -Id $_ -Wait 6>$null }
        'exited 0 1000000000 ' | Set-Content "$Workspaces/age-old/exit"
        $null = Invoke-RemoteTask $gate.Wait -Id age-runs
        $null = New-Item -ItemType Directory "$Workspaces/age-mine", "$Workspaces/age-empty"
        'mine' | Set-Content "$Workspaces/age-mine/todo"
        (Get-Item "$Workspaces/age-empty").LastWriteTime = [datetime]'2020-01-01'
        $removed = Remove-RemoteTaskWorkspace -OlderThan 7d -HostName local -Confirm:$false -PassThru
        $removed.Id | Sort-Object | Should -Be 'age-empty', 'age-old'
        Get-Content ($removed | Where-Object Id -EQ age-old).LogPath | Should -Be 'kept'
        "$Workspaces/age-old" | Should -Not -Exist
        "$Workspaces/age-new", "$Workspaces/age-runs", "$Workspaces/age-mine/todo" | Should -Exist
        $gate.Open()
        Remove-Item "$Workspaces/age-mine" -Recurse
    }

    It 'takes hosts from the pipeline with -OlderThan, and tells of one that is down' -Tag Fleet {
        Use-NewSession
        Add-Fleet
        Add-DispatchHost down (Get-ClosedPort) -Force
        $null = Invoke-RemoteTask 'true' h1, h2 -Id age-fleet -Wait 6>$null
        $removed = Get-DispatchHost 'h[1-2],down' | Remove-RemoteTaskWorkspace -OlderThan 0s -Confirm:$false -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        ($removed | Where-Object Id -EQ age-fleet).HostName | Sort-Object | Should -Be 'h1', 'h2'
        $failure.Count | Should -Be 1
        $failure[0].TargetObject | Should -Be 'down'
        Remove-DispatchHost down -Force
    }

    It 'keeps what is old where its log cannot be collected, and says so' {
        Use-NewSession
        $null = Invoke-RemoteTask 'echo precious' -Id age-kept -Wait 6>$null
        'exited 0 1000000000 ' | Set-Content "$Workspaces/age-kept/exit"
        $logs = $env:REMOTE_DISPATCH_LOG_DIR
        'no folder' | Set-Content "$Sandbox/no-logs"
        try {
            $env:REMOTE_DISPATCH_LOG_DIR = "$Sandbox/no-logs/here"
            Remove-RemoteTaskWorkspace -OlderThan 7d -HostName local -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        }
        finally {
            $env:REMOTE_DISPATCH_LOG_DIR = $logs
        }
        $failure.TargetObject | Should -Be 'age-kept'
        Get-Content "$Workspaces/age-kept/log" | Should -Be 'precious'
    }

    It 'completes task ids' {
        $null = Invoke-RemoteTask 'true' -Id r-completes
        (Get-Completion 'Remove-RemoteTaskWorkspace r-comp').CompletionText | Should -Be 'r-completes'
    }

    It 'removes all whose ids are like a wildcard, and tells of one that still runs' {
        $null = 'rl-1', 'rl-2', 'ql-1' | ForEach-Object { Invoke-RemoteTask 'true' -Id $_ -Wait 6>$null }
        $null = Invoke-RemoteTask 'sleep 300' -Id rl-0
        $removed = Remove-RemoteTaskWorkspace 'rl-*' -Confirm:$false -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        $removed.Id | Sort-Object | Should -Be 'rl-1', 'rl-2'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'TaskRunning,*'
        $failure[0].TargetObject | Should -Be 'rl-0'
        "$Workspaces/ql-1" | Should -Exist
        Use-NewSession
        (Remove-RemoteTaskWorkspace '?l-*' -HostName local -Force -PassThru).Id | Sort-Object | Should -Be 'ql-1', 'rl-0' -Because 'the host knows them'
    }
}
