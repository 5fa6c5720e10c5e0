# The agent is a double; what the real ones do is tested against the fleet (tests/RemoteDispatch.Fleet.Tests).

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    Add-DoubleAgent

    function Get-Prompt($Task) { [System.IO.File]::ReadAllText("$Workspaces/$($Task.Id)/double.prompt") }
    function Get-Word($Task) { Get-Content "$Workspaces/$($Task.Id)/double.words" }
    function New-First([hashtable] $With = @{}) { Invoke-RemoteTask -Agent double -Prompt 'the first' @With | Wait-RemoteTask }
}
AfterAll { Clear-Sandbox }

Describe 'Resume-RemoteTask' -Tag Local {
    It 'goes on in the session and the place of the first task, which it names' {
        $null = New-Item -ItemType Directory "$Sandbox/home/project"
        $first = New-First @{ WorkingDirectory = 'project'; Model = 'big-1'; MaxTurns = 9; PermissionMode = 'acceptEdits' }
        $second = Resume-RemoteTask $first 'and then?'
        $second.State | Should -Be 'Running'
        $second.Id | Should -Not -Be $first.Id
        $second.Agent.Resumes, $second.Agent.Name, $second.WorkingDirectory | Should -Be $first.Id, 'double', 'project'
        $ended = Wait-RemoteTask $second
        $ended.AgentResult.Session | Should -Be $first.AgentResult.Session
        $ended.AgentResult.Answer | Should -BeLike "*in $Sandbox/home/project"
        Get-Prompt $second | Should -BeExactly 'and then?' -Because 'no frame stands around it'
        (Get-Word $second) -join ' ' | Should -BeLike "*--resume=$($first.AgentResult.Session)*--model=big-1*--max-turns=9*--permission-mode=acceptEdits*"
        ($ended | Format-List | Out-String -Width 200) | Should -Match "Agent +: double \(going on with the task $($first.Id);"
    }

    It 'takes another model, another limit, another mode and other tools' {
        $first = New-First @{ Model = 'big-1'; MaxTurns = 9; AllowedTool = 'Edit' }
        $second = $first | Resume-RemoteTask -Prompt x -Model small-1 -MaxTurns 3 -PermissionMode plan -DeniedTool WebFetch -Wait
        $words = (Get-Word $second) -join ' '
        $words | Should -BeLike '*--model=small-1*--max-turns=3*--permission-mode=plan*--disallowed-tools=WebFetch*'
        $words | Should -Not -BeLike '*Edit*'
        $second.AgentResult.Why | Should -Be 'Completed'
        $second.LogPath | Should -Exist
    }

    It 'reads the prompt from a file, and gives variables and secrets anew' {
        $first = New-First
        $file = New-FileName
        [System.IO.File]::WriteAllText($file, "from a file`n")
        $env:PESTER_KEY = 'hush-hush'
        try { $second = Resume-RemoteTask $first.Id -PromptFile $file -CredentialName PESTER_KEY -Environment @{ DOUBLE = 'blocked' } -TimeLimit 1m -Wait }
        finally { Remove-Item Env:PESTER_KEY }
        Get-Prompt $second | Should -BeExactly "from a file`n"
        $second.CredentialNames | Should -Be 'PESTER_KEY'
        "$($second.AgentResult)" | Should -Be 'Blocked: which stage?'
        { Resume-RemoteTask $first -PromptFile "$Sandbox/nowhere.md" } | Should -Throw -ErrorId 'LocalFile,*'
    }

    It 'goes on with each task of the pipeline, and with those whose ids are like that' {
        $firsts = 1..2 | ForEach-Object { New-First @{ Id = "many-$_" } }
        $null = Invoke-RemoteTask true -Id many-3 -Wait 6>$null
        $seconds = $firsts | Resume-RemoteTask -Prompt x -Wait
        $seconds.Agent.Resumes | Sort-Object | Should -Be 'many-1', 'many-2'
        (Resume-RemoteTask many-* x -Wait -ErrorAction Stop).Agent.Resumes | Sort-Object | Should -Be 'many-1', 'many-2'
    }

    It 'goes on with what went on, and runs once under its new id' {
        $first = New-First
        $second = $first | Resume-RemoteTask -Prompt x -NewId chain-2 -Wait
        $third = $second | Resume-RemoteTask -Prompt y -NewId chain-3 -Wait
        $third.Agent.Resumes, $third.AgentResult.Session | Should -Be 'chain-2', $first.AgentResult.Session
        (Resume-RemoteTask $first x -NewId chain-2 -Wait).Started | Should -Be $second.Started
        Resume-RemoteTask $first 'another' -NewId chain-2 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'TaskConflict,*'
    }

    It 'refuses what is no agent''s, what runs, what is gone and what was in a sandbox' {
        $plain = Invoke-RemoteTask true -Wait 6>$null
        { Resume-RemoteTask $plain x -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,RemoteDispatch.PowerShell.Tasks.ResumeRemoteTaskCommand'
        { Resume-RemoteTask nobody x -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
        $runs = Invoke-RemoteTask -Agent double -Prompt x -Environment @{ DOUBLE = 'sleep' }
        $failure = $null
        try { Resume-RemoteTask $runs x -ErrorAction Stop } catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -BeLike 'TaskRunning,*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Send-RemoteTaskMessage*'
        Stop-RemoteTask $runs -Force -Grace 1
        $boxed = Invoke-RemoteTask -Agent double -Prompt x -Sandbox -SandboxPath .local/bin -WarningAction Ignore | Wait-RemoteTask
        { Resume-RemoteTask $boxed x -ErrorAction Stop } | Should -Throw '*home of its sandbox*'
        { Resume-RemoteTask (New-First) x -PermissionMode nonsense -ErrorAction Stop } | Should -Throw '*no permission mode*'
        { Resume-RemoteTask nobody '' } | Should -Throw
    }

    It 'goes on with what was stopped, and keeps the first one''s workspace while it does' {
        $first = Invoke-RemoteTask -Agent double -Prompt x -Environment @{ DOUBLE = 'sleep' }
        Wait-Until { Get-RemoteTaskLog $first }
        $first = Stop-RemoteTask $first -Force -Grace 1 -PassThru
        $second = Resume-RemoteTask $first x -Environment @{ DOUBLE = 'sleep' }
        { Remove-RemoteTaskWorkspace $first -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'TaskRunning,*'
        Stop-RemoteTask $second -Force -Grace 1
        Remove-RemoteTaskWorkspace $first -Confirm:$false -ErrorAction Stop
        "$Workspaces/$($first.Id)" | Should -Not -Exist
    }

    It 'sends nothing with -WhatIf, and says in capitals that permissions are skipped' {
        $first = New-First @{ Id = 'dry-1' }
        $null = New-First @{ Id = 'dry-2'; PermissionMode = 'bypassPermissions'; Force = $true }
        $before = @(Get-RemoteTask -Cached).Count
        $said = (Invoke-OtherProcess 'Resume-RemoteTask dry-1 "and then?" -WhatIf; Resume-RemoteTask dry-1 x -PermissionMode bypassPermissions -WhatIf; Resume-RemoteTask dry-2 y -WhatIf; Resume-RemoteTask dry-2 z -PermissionMode plan -WhatIf')
        $said | Should -HaveCount 4
        $said[0] | Should -BeLike 'What if: *Go on with the prompt ''and then?''*dry-1*'
        $said[0] | Should -Not -BeLike '*SKIPS*'
        $said[1, 2] | ForEach-Object { $_ | Should -MatchExactly 'permission mode bypassPermissions, WHICH SKIPS ITS PERMISSIONS' }
        $said[3] | Should -MatchExactly 'permission mode plan"'
        @(Get-RemoteTask -Cached).Count | Should -Be $before
    }

    It 'asks nobody where nobody is there' {
        $first = New-First @{ PermissionMode = 'bypassPermissions'; Force = $true }
        (Invoke-OtherProcess "(Resume-RemoteTask $($first.Id) x -Wait).Agent.SkipsPermissions") | Should -Be 'True'
    }

    It 'is found by a session that did not send the first task' {
        $first = New-First
        Use-NewSession
        (Resume-RemoteTask $first.Id x -HostName local -Wait).AgentResult.Session | Should -Be $first.AgentResult.Session
    }

    It 'works on a host' -Tag Fleet {
        Add-Fleet
        Add-DoubleAgent -InHome $FleetHosts.home
        $first = New-First @{ HostName = 'h1' }
        $second = $first | Resume-RemoteTask -Prompt x -Wait
        $second.HostName, $second.AgentResult.Session | Should -Be 'h1', $first.AgentResult.Session
    }

    It 'completes task ids and permission modes' {
        $null = New-First @{ Id = 'completes-1' }
        (Get-Completion 'Resume-RemoteTask completes').CompletionText | Should -Be 'completes-1'
        (Get-Completion 'Resume-RemoteTask completes-1 x -PermissionMode accept').CompletionText | Should -Be 'acceptEdits'
    }
}
